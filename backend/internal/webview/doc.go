// Package webview attacks the window, the real one on a screen that nobody sees: its tests put markup into
// everything that others write and that is shown, and a hostile page into the window itself. They are part
// of development builds (tag devnet) on Linux.
package webview
