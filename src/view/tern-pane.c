/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-pane.h"

#define HANDLE_WIDTH 5
#define WIDTH_MAX    800

struct _TernPane
{
  GtkWidget parent_instance;

  GtkWidget *child; /* (nullable) */
  GtkWidget *handle;
  int width;
  int drag_start;
};

enum
{
  PROP_0,
  PROP_CHILD,
  PROP_WIDTH,
  PROP_RESIZABLE,
  N_PROPS
};
static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (TernPane, tern_pane, GTK_TYPE_WIDGET)

static void
tern_pane_measure (GtkWidget *widget,
                   GtkOrientation orientation,
                   int for_size,
                   int *minimum,
                   int *natural,
                   int *minimum_baseline,
                   int *natural_baseline)
{
  TernPane *self = TERN_PANE (widget);

  *minimum = *natural = 0;
  *minimum_baseline = *natural_baseline = -1;
  if (self->child == NULL)
    return;
  gtk_widget_measure (self->child, orientation, for_size, minimum, natural, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *natural = MAX (*minimum, self->width);
}

static void
tern_pane_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  TernPane *self = TERN_PANE (widget);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  if (self->child != NULL)
    gtk_widget_allocate (self->child, width, height, baseline, NULL);
  if (gtk_widget_get_visible (self->handle))
    gtk_widget_size_allocate (
        self->handle, &(GtkAllocation){ rtl ? 0 : width - HANDLE_WIDTH, 0, HANDLE_WIDTH, height },
        -1);
}

static void
set_width (TernPane *self, int width)
{
  width = CLAMP (width, 0, WIDTH_MAX);
  if (self->width == width)
    return;
  self->width = width;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WIDTH]);
}

/* Only what begins on the handle is ours. */
static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, TernPane *self)
{
  gboolean ours = gtk_widget_pick (GTK_WIDGET (self), x, y, GTK_PICK_DEFAULT) == self->handle;

  self->drag_start = gtk_widget_get_width (GTK_WIDGET (self));
  gtk_gesture_set_state (GTK_GESTURE (drag),
                         ours ? GTK_EVENT_SEQUENCE_CLAIMED : GTK_EVENT_SEQUENCE_DENIED);
}

/* Offsets are told in the coordinates of the pane, whose start edge does not move. */
static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, TernPane *self)
{
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  set_width (self, self->drag_start + (int) (rtl ? -dx : dx));
}

static void
set_child (TernPane *self, GtkWidget *child)
{
  g_clear_pointer (&self->child, gtk_widget_unparent);
  self->child = child;
  if (child != NULL)
    gtk_widget_insert_before (child, GTK_WIDGET (self), self->handle);
}

static void
tern_pane_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  TernPane *self = TERN_PANE (object);

  switch (id)
    {
    case PROP_CHILD:
      g_value_set_object (value, self->child);
      break;
    case PROP_WIDTH:
      g_value_set_int (value, self->width);
      break;
    case PROP_RESIZABLE:
      g_value_set_boolean (value, gtk_widget_get_visible (self->handle));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
tern_pane_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  TernPane *self = TERN_PANE (object);

  switch (id)
    {
    case PROP_CHILD:
      set_child (self, g_value_get_object (value));
      break;
    case PROP_WIDTH:
      set_width (self, g_value_get_int (value));
      break;
    case PROP_RESIZABLE:
      gtk_widget_set_visible (self->handle, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
tern_pane_dispose (GObject *object)
{
  TernPane *self = TERN_PANE (object);

  g_clear_pointer (&self->child, gtk_widget_unparent);
  g_clear_pointer (&self->handle, gtk_widget_unparent);
  G_OBJECT_CLASS (tern_pane_parent_class)->dispose (object);
}

static void
tern_pane_class_init (TernPaneClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = tern_pane_get_property;
  object_class->set_property = tern_pane_set_property;
  object_class->dispose = tern_pane_dispose;
  widget_class->measure = tern_pane_measure;
  widget_class->size_allocate = tern_pane_size_allocate;

  properties[PROP_CHILD] = g_param_spec_object ("child", NULL, NULL, GTK_TYPE_WIDGET,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_WIDTH] =
      g_param_spec_int ("width", NULL, NULL, 0, WIDTH_MAX, 0,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_RESIZABLE] = g_param_spec_boolean ("resizable", NULL, NULL, TRUE,
                                                     G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
tern_pane_init (TernPane *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();

  self->handle = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_cursor_from_name (self->handle, "col-resize");
  gtk_widget_set_parent (self->handle, GTK_WIDGET (self));

  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (drag), GTK_PHASE_CAPTURE);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
}
