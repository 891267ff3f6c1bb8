/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-extensions.h"

#include <glib/gi18n.h>

/* After a change here: tests/checks/extensions.sh --write. */
static const TernImapExtension extensions[] = {
  { "ACL", "RFC 4314", N_ ("knowing what you may do in the folders of others"),
    N_ ("What is not allowed is noticed when the server refuses it."), TRUE, FALSE },
  { "APPENDLIMIT", "RFC 7889", N_ ("not sending what is too large to be stored"),
    N_ ("A message that is too large is refused after it was transferred."), TRUE, FALSE, TRUE },
  { "BINARY", "RFC 3516",
    N_ ("fetching large attachments without the third that they grow by in a message"),
    N_ ("Nothing is lost; more bytes are transferred."), TRUE, TRUE, TRUE },
  { "COMPRESS=DEFLATE", "RFC 4978", N_ ("compressing what is transferred"),
    N_ ("Nothing is lost; more bytes are transferred."), TRUE, FALSE },
  { "CONDSTORE", "RFC 7162", N_ ("asking only for flags that changed"),
    N_ ("The flags of all messages are fetched to find those that changed."), TRUE, FALSE },
  { "CREATE-SPECIAL-USE", "RFC 6154",
    N_ ("telling other programs what a folder that Tern makes is for"),
    N_ ("Other programs recognise such a folder by its name."), TRUE, FALSE, TRUE },
  { "ENABLE", "RFC 5161", N_ ("switching CONDSTORE, QRESYNC and IMAP4rev2 on"),
    N_ ("CONDSTORE and QRESYNC are used only as far as a server allows without it."), TRUE, TRUE },
  { "ESEARCH", "RFC 4731", N_ ("short answers to searches"),
    N_ ("Lists of messages take more bytes."), TRUE, TRUE },
  { "ID", "RFC 2971", N_ ("telling the server the name of this program, and nothing else"),
    N_ ("Nothing is lost."), TRUE, FALSE },
  { "IDLE", "RFC 2177", N_ ("hearing of new mail at once"),
    N_ ("New mail is noticed with a delay: the server is asked every two minutes."), TRUE, TRUE },
  { "IMAP4rev2", "RFC 9051", N_ ("names of folders in plain text, and less that is out of date"),
    N_ ("Nothing is lost: the older IMAP does, with the extensions of this table."), TRUE, TRUE,
    TRUE },
  { "INPROGRESS", "RFC 9585", N_ ("knowing that a long request is still being worked on"),
    N_ ("A server that says nothing for too long is taken for gone, and asked again."), TRUE, FALSE,
    TRUE },
  { "LIST-EXTENDED", "RFC 5258", N_ ("one question for all folders"),
    N_ ("Folders and subscriptions are asked for one after the other, which takes longer."), TRUE,
    TRUE },
  { "LIST-MYRIGHTS", "RFC 8440", N_ ("what you may do in each folder in the same answer"),
    N_ ("Each folder of others is asked about on its own."), TRUE, FALSE },
  { "LIST-STATUS", "RFC 5819", N_ ("the counts of all folders in one answer"),
    N_ ("Each folder is asked about on its own, which takes longer with many folders."), TRUE,
    TRUE },
  { "LITERAL+", "RFC 7888", N_ ("sending messages without waiting for the server’s word"),
    N_ ("Storing a message on the server takes one answer longer."), TRUE, FALSE },
  { "LITERAL-", "RFC 7888", N_ ("sending short texts without waiting for the server’s word"),
    N_ ("Nothing is lost where LITERAL+ is offered; otherwise some requests take one answer "
        "longer."),
    TRUE, TRUE, TRUE },
  { "MESSAGELIMIT", "RFC 9738", N_ ("asking for no more messages at once than the server takes"),
    N_ ("Nothing is lost: the server names no such limit."), TRUE, FALSE, TRUE },
  { "METADATA", "RFC 5464",
    N_ ("showing in the connection doctor what the server’s people say of it"),
    N_ ("Nothing is lost."), TRUE, FALSE, TRUE },
  { "MOVE", "RFC 6851", N_ ("moving messages in one step"),
    N_ ("Messages are copied and then deleted; if that is interrupted, they can be in both "
        "folders for a while."),
    TRUE, TRUE },
  { "MULTIAPPEND", "RFC 3502", N_ ("storing several messages at once"),
    N_ ("Not needed: each message is stored on its own, so that one that is refused keeps none "
        "back."),
    FALSE, FALSE, TRUE },
  { "NAMESPACE", "RFC 2342", N_ ("telling your own folders from those of others"),
    N_ ("All folders are taken for your own; the place for new ones is a guess."), TRUE, TRUE },
  { "NOTIFY", "RFC 5465", N_ ("hearing of changes in other folders than the inbox"),
    N_ ("Changes in other folders are noticed with the next check."), TRUE, FALSE },
  { "OBJECTID", "RFC 8474",
    N_ ("recognising messages and folders that are elsewhere or have another number or name"),
    N_ ("They are recognised by their headers, or fetched again."), TRUE, FALSE },
  { "PREVIEW", "RFC 8970", N_ ("the first words of a message without its text"),
    N_ ("The first words appear when the text has been fetched."), TRUE, FALSE },
  { "QRESYNC", "RFC 7162", N_ ("learning in one answer what changed and what was deleted"),
    N_ ("Deleted messages are found by comparing lists, which takes longer in large folders."),
    TRUE, FALSE },
  { "QUOTA", "RFC 9208", N_ ("telling how full the mailbox is"),
    N_ ("That the mailbox is full is noticed when the server refuses something."), TRUE, FALSE },
  { "REPLACE", "RFC 8508", N_ ("putting a message in the place of another one"),
    N_ ("Not needed: what is being written is kept on this computer, and nothing on the server is "
        "replaced."),
    FALSE, FALSE, TRUE },
  { "SASL-IR", "RFC 4959", N_ ("signing in with one exchange less"),
    N_ ("Signing in takes one answer longer."), TRUE, TRUE },
  { "SAVEDATE", "RFC 8514",
    N_ ("telling in the history when a new message was put into its folder"),
    N_ ("The history tells only when Tern saw it there."), TRUE, FALSE, TRUE },
  { "SPECIAL-USE", "RFC 6154", N_ ("knowing the folders for sent mail, drafts, junk and so on"),
    N_ ("These folders are recognised by their names."), TRUE, TRUE },
  { "STARTTLS", "RFC 9051", N_ ("encrypting a connection that began without"),
    N_ ("Nothing is lost where the connection is encrypted from its start; otherwise Tern does "
        "not use the server."),
    TRUE, FALSE, TRUE },
  { "UIDONLY", "RFC 9586", N_ ("sparing the server counting its messages"),
    N_ ("Not needed: servers without it have to be read as well, where messages are counted."),
    FALSE, FALSE, TRUE },
  { "UIDPLUS", "RFC 4315", N_ ("knowing where a moved or stored message is, and deleting only it"),
    N_ ("Moved messages are looked for in their new folder, and nothing is removed from the "
        "server for good."),
    TRUE, TRUE },
  { "UTF8=ACCEPT", "RFC 9755", N_ ("names of folders and headers of messages in plain text"),
    N_ ("The server may refuse a copy of a message to an address with letters beyond ASCII."), TRUE,
    TRUE, TRUE },
  { "X-GM-EXT-1", "Google",
    N_ ("recognising messages, their labels, and not storing a second copy of sent mail"),
    N_ ("Nothing is lost: only Gmail has it."), TRUE, FALSE, TRUE },
};

const TernImapExtension *
tern_imap_extensions_get (gsize *n)
{
  *n = G_N_ELEMENTS (extensions);
  return extensions;
}

const TernImapExtension *
tern_imap_extension_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    if (g_ascii_strcasecmp (extensions[i].name, name) == 0)
      return &extensions[i];
  return NULL;
}
