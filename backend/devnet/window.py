"""Reads and presses a program's window through the accessibility bus, as a screen reader does.

One argument: the process id of the program, or of what started it. Each line of standard input is one request, answered with one line
of standard output; both are JSON. A request is one attempt and never waits: window.go asks again until
its deadline. It ends when standard input does.

    {"do": "find", "role": R, "name": N}   {"text": ...}, the content of an entry, else what the element says
    {"do": "press", "role": R, "name": N}  {}
    {"do": "focus", "role": R, "name": N}  {}
    {"do": "keys", "text": T}              {}; typed into whatever has the focus
    {"do": "key", "name": N}               {}; one key, by its name in X (Down, Return), wherever the focus is
    {"do": "place"}                        {"x": ..., "y": ..., "width": ..., "height": ...}, in pixels
    {"do": "clipboard"}                    {"text": ...}, what was copied last
    {"do": "close", "id": X}               {}; what a window manager's close button does, to an X window
    {"do": "read"}                         {"said": [...]}, names, descriptions and texts
    {"do": "tree"}                         {"text": ...}, every element, for error messages

An attempt that failed is answered with {"missing": REASON}. N is the accessible name, or for elements that
have none, such as a status, the text in them.
"""

import ctypes
import json
import sys

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Atspi, Gdk, GLib, Gtk  # noqa: E402

# What a web view says for something embedded in a text.
EMBEDDED = "\ufffc"
# Per call, and for calls to a program that has just started, in milliseconds.
Atspi.set_timeout(2000, 5000)


class Missing(Exception):
    """Not there, or not yet."""


def application(pid):
    desktop = Atspi.get_desktop(0)
    desktop.clear_cache()
    for child in children(desktop):
        if pid in ancestry(child.get_process_id()):
            return child
    raise Missing("the program has no window yet")


def ancestry(pid):
    """Yields a process and what started it, up to the first one."""
    while pid > 0:
        yield pid
        try:
            with open(f"/proc/{pid}/stat") as stat:
                # The name of the program is in brackets and may hold any others.
                pid = int(stat.read().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return  # it has just ended


def children(element):
    for i in range(element.get_child_count()):
        child = element.get_child_at_index(i)
        if child is not None:
            yield child


def walk(element, depth=0):
    """Yields everything that is shown; the cache would hold what was there before."""
    element.clear_cache()
    yield element, depth
    for child in children(element):
        yield from walk(child, depth + 1)


def own_text(element):
    return Atspi.Text.get_text(element, 0, -1) if "Text" in element.get_interfaces() else ""


def text(element):
    """What stands in an element, with the text of what is embedded in it."""
    own = own_text(element)
    if own.strip(EMBEDDED):
        return own
    return " ".join(filter(None, map(text, children(element)))) or element.get_name()


def label(element):
    return element.get_name() or text(element)


def has(element, state):
    return element.get_state_set().contains(state)


def find(app, role, name):
    out_of_view = None
    for element, _ in walk(app):
        if element.get_role_name() == role and label(element) == name:
            if has(element, Atspi.StateType.SHOWING):
                return element
            if has(element, Atspi.StateType.VISIBLE):
                out_of_view = element
    if out_of_view is None:
        raise Missing(f"there is no {role} {name!r}")
    # The next attempt finds it there.
    Atspi.Component.scroll_to(out_of_view, Atspi.ScrollType.ANYWHERE)
    raise Missing("it is out of view")


def press(element):
    # A button that is disabled for assistive technology only would take the click.
    if not has(element, Atspi.StateType.SENSITIVE):
        raise Missing("it is disabled")
    if "Action" not in element.get_interfaces() or not Atspi.Action.do_action(element, 0):
        raise Missing("it can't be pressed")


def focus(element):
    Atspi.Component.grab_focus(element)
    element.clear_cache()
    if not has(element, Atspi.StateType.FOCUSED):
        raise Missing("it does not take the focus")


def place(app):
    for element, _ in walk(app):
        if element.get_role_name() == "frame":
            at = Atspi.Component.get_extents(element, Atspi.CoordType.SCREEN)
            return {"x": at.x, "y": at.y, "width": at.width, "height": at.height}
    raise Missing("there is no window")


def said(element):
    return element.get_name(), element.get_description(), own_text(element)


def tree(app):
    lines = []
    for element, depth in walk(app):
        states = [s for s in ("SHOWING", "FOCUSED", "SENSITIVE") if has(element, getattr(Atspi.StateType, s))]
        name = element.get_name() or ("" if element.get_child_count() else text(element))
        lines.append(f"{'  ' * depth}{element.get_role_name()} {name!r} {' '.join(states).lower()}")
    return "\n".join(lines)


def clipboard():
    return Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text() or ""


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, with the padding of the union XEvent."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 12),
    ]


def close(window):
    """Sends WM_DELETE_WINDOW (ICCCM 4.2.8.1): the tools that could need a window manager for it."""
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = ctypes.c_void_p
    x.XInternAtom.restype = ctypes.c_ulong
    x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x.XOpenDisplay(None)
    if not display:
        raise Missing("there is no screen")
    event = ClientMessage(type=33, window=window, format=32)
    event.message_type = x.XInternAtom(display, b"WM_PROTOCOLS", 0)
    event.data[0] = x.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    x.XSendEvent(display, window, 0, 0, ctypes.byref(event))
    x.XCloseDisplay(display)


def answer(pid, request):
    do = request["do"]
    if do == "keys":
        Atspi.generate_keyboard_event(0, request["text"], Atspi.KeySynthType.STRING)
        return {}
    if do == "key":
        Atspi.generate_keyboard_event(Gdk.keyval_from_name(request["name"]), None, Atspi.KeySynthType.SYM)
        return {}
    if do == "close":
        close(request["id"])
        return {}
    if do == "clipboard":
        return {"text": clipboard()}
    app = application(pid)
    if do == "read":
        return {"said": list(filter(None, (words for element, _ in walk(app) for words in said(element))))}
    if do == "tree":
        return {"text": tree(app)}
    if do == "place":
        return place(app)
    element = find(app, request["role"], request["name"])
    if do == "find":
        return {"text": text(element)}
    {"press": press, "focus": focus}[do](element)
    return {}


def main():
    pid = int(sys.argv[1])
    for line in sys.stdin:
        try:
            reply = answer(pid, json.loads(line))
        except Missing as missing:
            reply = {"missing": str(missing)}
        except GLib.Error as error:
            # Elements come and go while they are looked at.
            reply = {"missing": f"the window is changing: {error.message}"}
        print(json.dumps(reply), flush=True)


main()
