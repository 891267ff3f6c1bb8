#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders on a real Dovecot (or Cyrus), from a terminal: made, renamed, moved, deleted, with and without the server.
TAP on standard output.

Usage: test-ternctl-folders.py TERNCTL
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, add_account, check, run_tests, user  # noqa: E402


def on_server(server):
    out = server.command(f'doveadm mailbox list -u {user(server, 0)["address"]}')['output']
    return set(out.splitlines())


def subscribed(server):
    out = server.command(f'doveadm mailbox list -s -u {user(server, 0)["address"]}')['output']
    return set(out.splitlines())


def here(ctl):
    return {f['path']: f for f in ctl.json('folders')}


def test_add(ctl, server):
    add_account(ctl, server, 0)
    check(ctl.json('sync')[0]['added'] == 12, 'sync')


def test_create(ctl, server):
    result = ctl.json('folder', 'create', 'Lists')
    check(result['state'] == 'done' and len(result['operations']) == 1, result)
    check(ctl.json('folder', 'create', 'Lists/GTK')['state'] == 'done', 'nested')
    check({'Lists', 'Lists/GTK'} <= on_server(server) and {'Lists', 'Lists/GTK'} <= subscribed(server),
          on_server(server))
    check(ctl.error('folder', 'create', 'Lists', code=64)['code'] == 'invalid', 'there already')
    check(ctl.error('folder', 'create', 'No/Such', code=66)['code'] == 'not-found', 'nowhere')


def test_odd_names(ctl, server):
    for name in ('Käse & Wein', '🦆 ducks', 'say "hello"', 'a\\b', '100% *', "l'été ~"):
        if server.facts['imap_server'] == 'cyrus' and set(name) & set('"\\%'):
            error = ctl.error('folder', 'create', name, code=65)
            check(error['code'] == 'refused' and 'Invalid mailbox name' in error['message'], error)
            check(name not in here(ctl), sorted(here(ctl)))
            continue
        check(ctl.json('folder', 'create', name)['state'] == 'done', name)
        ctl.json('sync')
        check(name in here(ctl) and here(ctl)[name]['selectable'], sorted(here(ctl)))
        check(ctl.json('folder', 'rename', name, name + '2')['state'] == 'done', name)
        ctl.json('sync')
        check(name + '2' in here(ctl) and name not in here(ctl), sorted(here(ctl)))
        check(ctl.json('folder', 'delete', name + '2')['state'] == 'done', name)
        ctl.json('sync')
        check(name + '2' not in here(ctl), sorted(here(ctl)))
    for name in ('', 'x/', 'line\nbreak', 'x' * 5000):
        check(ctl.error('folder', 'create', name, code=64)['code'] == 'invalid', repr(name[:20]))
    # The server has the last word on what is too long, and says so itself.
    error = ctl.error('folder', 'create', 'y' * 1000, code=65)
    check(error['code'] == 'refused' and error['server_text'], error)
    check('y' * 1000 not in here(ctl), 'taken back')


def test_rename_keeps_mail(ctl, server):
    ids = [m['id'] for m in ctl.json('list', 'INBOX', '--limit', '2')]
    ctl.json('move', *map(str, ids), 'Lists/GTK')
    ctl.json('sync', '--full')
    before = ctl.json('list', 'Lists/GTK')
    check([m['body'] for m in before] == ['here', 'here'], before)
    check(ctl.json('folder', 'rename', 'Lists', 'Forums')['state'] == 'done', 'rename')
    check({'Forums', 'Forums/GTK'} <= on_server(server) and 'Lists' not in on_server(server), on_server(server))
    check({'Forums', 'Forums/GTK'} <= subscribed(server) and 'Lists/GTK' not in subscribed(server),
          subscribed(server))
    report = ctl.json('sync')[0]
    check(report['added'] == 0 and report['removed'] == 0, report)
    after = ctl.json('list', 'Forums/GTK')
    check([(m['id'], m['uid'], m['body']) for m in after] == [(m['id'], m['uid'], m['body']) for m in before], after)
    check(ctl.error('folder', 'rename', 'INBOX', 'Post', code=64)['code'] == 'invalid', 'INBOX')
    check(ctl.error('folder', 'rename', 'Forums', 'a/b', code=64)['code'] == 'invalid', 'a slash')


def test_move(ctl, server):
    check(ctl.json('folder', 'create', 'Old')['state'] == 'done', 'create')
    check(ctl.json('folder', 'move', 'Forums', 'Old')['state'] == 'done', 'move')
    check('Old/Forums/GTK' in on_server(server), on_server(server))
    check(len(ctl.json('list', 'Old/Forums/GTK')) == 2, 'with its mail')
    check(ctl.error('folder', 'move', 'Old', 'Old/Forums', code=64)['code'] == 'invalid', 'into itself')
    moved = ctl.json('operations')[0]
    undone = ctl.json('undo')
    check(undone['state'] == 'done' and len(undone['operations']) == 1, undone)
    check('Forums/GTK' in here(ctl), 'back at once')
    last = ctl.json('operations')[0]
    check(last['operation'] == undone['operations'][0] and last['undoes'] == moved['operation'], last)
    ctl.json('sync')
    check('Forums/GTK' in on_server(server) and 'Forums/GTK' in here(ctl), on_server(server))


def test_subscribe(ctl, server):
    check(ctl.json('folder', 'unsubscribe', 'Old')['state'] == 'done', 'unsubscribe')
    check('Old' not in subscribed(server), subscribed(server))
    check(not here(ctl)['Old']['subscribed'], 'not here either')
    check(ctl.json('folder', 'subscribe', 'Old')['state'] == 'done', 'subscribe')
    check('Old' in subscribed(server) and here(ctl)['Old']['subscribed'], subscribed(server))


def test_delete(ctl, server):
    ids = {m['id'] for m in ctl.json('list', 'Forums/GTK')}
    check(ctl.error('folder', 'delete', 'Forums', code=65)['code'] == 'refused', 'there is mail')
    check('Forums/GTK' in here(ctl) and 'Forums/GTK' in on_server(server), 'nothing happened')
    check(ctl.json('folder', 'delete', 'Forums', '--yes')['state'] == 'done', 'delete')
    check(not [f for f in on_server(server) | set(here(ctl)) if f.startswith('Forums')], on_server(server))
    trash = [f for f in ctl.json('folders') if f['role'] == 'trash'][0]['path']
    check({m['id'] for m in ctl.json('list', trash)} == ids, 'in the trash')
    # Nor is anything older taken back instead.
    before = ctl.json('operations')
    check(ctl.error('undo', code=65)['code'] == 'refused', 'undo')
    check(ctl.json('operations') == before, 'nothing was done')
    count = server.command(f'doveadm search -u {user(server, 0)["address"]} mailbox {trash} all')['output']
    check(len(count.strip().splitlines()) == 2, count)


def test_delete_with_news(ctl, server):
    """Mail that came meanwhile keeps a folder from being deleted."""
    ctl.json('folder', 'create', 'Quiet')
    address = user(server, 0)['address']
    server.command(f'doveadm copy -u {address} Quiet mailbox INBOX uid {ctl.json("list", "INBOX")[0]["uid"]}')
    error = ctl.error('folder', 'delete', 'Quiet', code=65)
    check(error['code'] == 'refused', error)
    check('Quiet' in on_server(server) and 'Quiet' in here(ctl), 'it is still there')
    ctl.json('sync')
    check(len(ctl.json('list', 'Quiet')) == 1, 'and its mail')
    ctl.json('folder', 'delete', 'Quiet', '--yes')


def test_delete_with_folders(ctl, server):
    """So does a folder in it that came meanwhile, or one that could not be deleted itself."""
    address = user(server, 0)['address']
    # Cyrus takes no "%" in a name.
    inner = 'Nest/of it' if server.facts['imap_server'] == 'cyrus' else 'Nest/% of it'
    ctl.json('folder', 'create', 'Nest')
    server.command(f'doveadm mailbox create -u {address} "{inner}"')
    error = ctl.error('folder', 'delete', 'Nest', code=65)
    check(error['code'] == 'refused' and 'There are folders in' in error['message'], error)
    check({'Nest', inner} <= on_server(server) and 'Nest' in here(ctl), on_server(server))
    ctl.json('sync')
    uid = ctl.json('list', 'INBOX')[0]['uid']
    server.command(f'doveadm copy -u {address} "{inner}" mailbox INBOX uid {uid}')
    ctl.error('folder', 'delete', 'Nest', code=65)
    check({'Nest', inner} <= on_server(server), on_server(server))
    ctl.json('sync')
    check({'Nest', inner} <= set(here(ctl)), sorted(here(ctl)))
    check(ctl.json('folder', 'delete', 'Nest', '--yes')['state'] == 'done', 'all of it')
    check(not [f for f in on_server(server) | set(here(ctl)) if f.startswith('Nest')], on_server(server))


def test_delete_gone(ctl, server):
    """What another program has deleted meanwhile is as one wanted it."""
    ctl.json('folder', 'create', 'Short')
    server.command(f'doveadm mailbox delete -u {user(server, 0)["address"]} Short')
    check(ctl.json('folder', 'delete', 'Short')['state'] == 'done', 'delete')
    ctl.json('sync')
    check('Short' not in here(ctl), sorted(here(ctl)))


def test_empty(ctl, server):
    trash = [f for f in ctl.json('folders') if f['role'] == 'trash'][0]['path']
    check(ctl.error('folder', 'empty', trash, code=65)['code'] == 'refused', 'asks')
    check(ctl.error('folder', 'empty', 'INBOX', '--yes', code=65)['code'] == 'refused', 'not INBOX')
    check(ctl.json('folder', 'empty', trash, '--yes')['state'] == 'done', 'empty')
    check(ctl.json('list', trash) == [], 'nothing here')
    check('for good' in ctl.error('undo', code=65)['message'], 'undo')
    count = server.command(f'doveadm search -u {user(server, 0)["address"]} mailbox {trash} all')['output']
    check(not count.strip(), count)


def test_offline_role(ctl, server):
    """What is put into a folder that was just deleted makes a new one."""
    archive = [f for f in ctl.json('folders') if f['role'] == 'archive'][0]['path']
    message = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    server.command('stop imap')
    check(ctl.json('folder', 'delete', archive, '--yes', code=75)['state'] == 'queued', 'delete')
    check(archive not in here(ctl), 'not shown')
    check(ctl.json('archive', message, code=75)['state'] == 'queued', 'archive')
    check([str(m['id']) for m in ctl.json('list', archive)] == [message], sorted(here(ctl)))
    server.command('start imap')
    ctl.json('sync')
    ctl.json('sync')
    if server.facts['imap_server'] == 'cyrus':
        # It deletes no folder with a special use: that one is the archive again, and nothing was archived.
        check(here(ctl)[archive]['role'] == 'archive', here(ctl))
        check(message in [str(m['id']) for m in ctl.json('list', 'INBOX')], 'the message is where it was')
        return
    last = ctl.json('operations', '--limit', '2')
    check([(o['kind'], o['state']) for o in last] == [('move', 'confirmed'), ('folder-create', 'confirmed')], last)
    check(archive in on_server(server) and here(ctl)[archive]['role'] == 'archive', on_server(server))
    check([str(m['id']) for m in ctl.json('list', archive)] == [message], 'its mail')
    ctl.json('move', message, 'INBOX')


def test_role(ctl, server):
    ctl.json('folder', 'create', 'Keep')
    check(ctl.json('folder', 'role', 'Keep', 'archive')['state'] == 'done', 'role')
    ctl.json('sync')
    check([f['path'] for f in ctl.json('folders') if f['role'] == 'archive'] == ['Keep'], ctl.json('folders'))
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]
    ctl.json('archive', str(message['id']))
    check([m['id'] for m in ctl.json('list', 'Keep')] == [message['id']], 'archived there')
    check(ctl.error('folder', 'role', 'Keep', 'kitchen', code=64)['code'] == 'invalid', 'no such role')


def test_offline_role_renamed(ctl, server):
    """Nor does it go into one that was renamed and is not the archive any more."""
    for name in ('Keep', 'Archive'):
        check(ctl.json('folder', 'role', name, 'none')['state'] == 'done', name)
    before = ctl.json('list', 'Archive')
    message = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    server.command('stop imap')
    check(ctl.json('folder', 'rename', 'Archive', 'Attic', code=75)['state'] == 'queued', 'rename')
    check(ctl.json('archive', message, code=75)['state'] == 'queued', 'archive')
    check([str(m['id']) for m in ctl.json('list', 'Archive')] == [message], sorted(here(ctl)))
    server.command('start imap')
    ctl.json('sync')
    ctl.json('sync')
    check({'Archive', 'Attic'} <= on_server(server) and ctl.json('list', 'Attic') == before, on_server(server))
    check([str(m['id']) for m in ctl.json('list', 'Archive')] == [message], 'its mail')
    ctl.json('move', message, 'INBOX')
    ctl.json('folder', 'role', 'Keep', 'archive')


def test_offline(ctl, server):
    message = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    server.command('stop imap')
    check(ctl.json('folder', 'create', 'Trip', code=75)['state'] == 'queued', 'create')
    check(ctl.json('folder', 'create', 'Trip/Hotel', code=75)['state'] == 'queued', 'below it')
    check(ctl.json('move', message, 'Trip/Hotel', code=75)['state'] == 'queued', 'mail into it')
    renamed = ctl.json('folder', 'rename', 'Keep', 'Kept', code=75)
    check(renamed['state'] == 'queued' and 'Kept' in here(ctl), here(ctl))
    check(ctl.json('folder', 'rename', 'Trip', 'Journey', code=75)['state'] == 'queued', 'rename')
    check({'Journey', 'Journey/Hotel'} <= set(here(ctl)), sorted(here(ctl)))
    server.command('start imap')
    ctl.json('sync')
    check({'Journey', 'Journey/Hotel', 'Kept'} <= on_server(server), on_server(server))
    check(not {'Trip', 'Keep', 'Trip/Hotel'} & (on_server(server) | set(here(ctl))), sorted(here(ctl)))
    check([str(m['id']) for m in ctl.json('list', 'Journey/Hotel')] == [message], 'the mail is there')
    check(ctl.json('undo', str(renamed['operations'][0]))['state'] == 'done', 'undo after a restart')
    ctl.json('sync')
    check('Keep' in on_server(server) and 'Keep' in here(ctl), on_server(server))


def test_offline_in_place(ctl, server):
    """A folder where another one was until now, without the server: both are what they seem."""
    for name in ('Diary', 'Scrap'):
        check(ctl.json('folder', 'create', name)['state'] == 'done', name)
    message = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    check(ctl.json('move', message, 'Diary')['state'] == 'done', 'mail into it')
    server.command('stop imap')
    check(ctl.json('folder', 'rename', 'Diary', 'Diary 2025', code=75)['state'] == 'queued', 'rename')
    check(ctl.json('folder', 'create', 'Diary', code=75)['state'] == 'queued', 'create where it was')
    check(ctl.json('folder', 'delete', 'Scrap', code=75)['state'] == 'queued', 'delete')
    check(ctl.json('folder', 'create', 'Scrap', code=75)['state'] == 'queued', 'create it anew')
    check({'Diary', 'Diary 2025', 'Scrap'} <= set(here(ctl)), sorted(here(ctl)))
    server.command('start imap')
    ctl.json('sync')
    ctl.json('sync')
    check({'Diary', 'Diary 2025', 'Scrap'} <= on_server(server), on_server(server))
    check({'Diary', 'Diary 2025', 'Scrap'} <= set(here(ctl)), sorted(here(ctl)))
    check([str(m['id']) for m in ctl.json('list', 'Diary 2025')] == [message], ctl.json('list', 'Diary 2025'))
    check(ctl.json('list', 'Diary') == [], 'the new one is empty')
    check(not [o for o in ctl.json('operations') if o['state'] not in ('confirmed', 'refused')], ctl.json('operations'))


def test_offline_delete_undone(ctl, server):
    """A folder and its mail come back together."""
    ctl.json('folder', 'create', 'Album')
    message = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    ctl.json('move', message, 'Album')
    server.command('stop imap')
    moved, deleted = ctl.json('folder', 'delete', 'Album', '--yes', code=75)['operations']
    error = ctl.error('undo', str(moved), code=65)
    check(error['code'] == 'refused' and 'is not there any more' in error['message'], error)
    trash = [f for f in ctl.json('folders') if f['role'] == 'trash'][0]['path']
    check(message in [str(m['id']) for m in ctl.json('list', trash)], 'still in the trash')
    undone = ctl.json('undo')
    check(set(undone['undone']) == {moved, deleted}, (undone, ctl.json('operations')[:3]))
    check([str(m['id']) for m in ctl.json('list', 'Album')] == [message], 'back')
    server.command('start imap')
    ctl.json('sync')
    check('Album' in on_server(server) and [str(m['id']) for m in ctl.json('list', 'Album')] == [message],
          on_server(server))


def test_renamed_elsewhere(ctl, server):
    """By another program: nothing is fetched again, and every message keeps its number and its body."""
    ctl.json('sync', '--full')
    before = [(m['id'], m['uid'], m['body']) for m in ctl.json('list', 'Journey/Hotel')]
    check(before and all(body == 'here' for _, _, body in before), before)
    server.command(f'doveadm mailbox rename -u {user(server, 0)["address"]} Journey Past')
    report = ctl.json('sync', '--full')[0]
    if server.facts['imap_server'] == 'cyrus':
        # It raises HIGHESTMODSEQ with a rename, so that it might be another folder: its mail is fetched again.
        check('Journey/Hotel' not in here(ctl) and report['added'] == len(before), (sorted(here(ctl)), report))
        check([m['body'] for m in ctl.json('list', 'Past/Hotel')] == ['here'] * len(before), 'the mail is here')
        return
    check('Journey/Hotel' not in here(ctl) and report['added'] == 0, (sorted(here(ctl)), report))
    after = [(m['id'], m['uid'], m['body']) for m in ctl.json('list', 'Past/Hotel')]
    check(after == before, after)


TESTS = [test_add, test_create, test_odd_names, test_rename_keeps_mail, test_move, test_subscribe, test_delete,
         test_delete_with_news, test_delete_with_folders, test_delete_gone, test_empty, test_offline_role, test_role,
         test_offline_role_renamed, test_offline, test_offline_in_place, test_offline_delete_undone,
         test_renamed_elsewhere]


def main():
    server = MailServer('--users', 'anna,bob', '--seed', '12:INBOX')
    ctl = Ternctl(sys.argv[1])
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
    sys.exit(status)


main()
