//go:build production

package app

/*
#cgo !webkit2_41 pkg-config: webkit2gtk-4.0
#cgo webkit2_41 pkg-config: webkit2gtk-4.1
#include <webkit2/webkit2.h>

// Responses come from our own side then; they need no decision.
static gboolean stay(WebKitWebView *view, WebKitPolicyDecision *decision, WebKitPolicyDecisionType type, gpointer page) {
	if (type == WEBKIT_POLICY_DECISION_TYPE_RESPONSE)
		return FALSE;
	WebKitNavigationAction *action = webkit_navigation_policy_decision_get_navigation_action(WEBKIT_NAVIGATION_POLICY_DECISION(decision));
	const char *address = webkit_uri_request_get_uri(webkit_navigation_action_get_request(action));
	if (type == WEBKIT_POLICY_DECISION_TYPE_NAVIGATION_ACTION && g_strcmp0(address, page) == 0)
		return FALSE;
	webkit_policy_decision_ignore(decision);
	return TRUE;
}

// A link that is pressed connects to its server before anybody has decided.
static void connectNowhere(WebKitSettings *settings) {
#if WEBKIT_CHECK_VERSION(2, 42, 0)
	WebKitFeatureList *features = webkit_settings_get_all_features();
	for (gsize i = 0; i < webkit_feature_list_get_length(features); i++) {
		WebKitFeature *feature = webkit_feature_list_get(features, i);
		if (g_strcmp0(webkit_feature_get_identifier(feature), "LinkPreconnect") == 0)
			webkit_settings_set_feature_enabled(settings, feature, FALSE);
	}
	webkit_feature_list_unref(features);
#endif
}

static void find(GtkWidget *widget, gpointer page) {
	if (WEBKIT_IS_WEB_VIEW(widget)) {
		g_signal_connect(widget, "decide-policy", G_CALLBACK(stay), page);
		connectNowhere(webkit_web_view_get_settings(WEBKIT_WEB_VIEW(widget)));
	} else if (GTK_IS_CONTAINER(widget))
		gtk_container_forall(GTK_CONTAINER(widget), find, page);
}

static gboolean hold(gpointer page) {
	GList *windows = gtk_window_list_toplevels();
	for (GList *w = windows; w; w = w->next)
		find(GTK_WIDGET(w->data), page);
	g_list_free(windows);
	return G_SOURCE_REMOVE;
}

static void holdPage(void) {
	g_idle_add(hold, "wails://wails/");
}
*/
import "C"

// holdPage keeps the window on its page. Wails leaves that to the web view, which goes wherever a script, a
// link or a drop tells it to. Wails takes no calls from there, but it hands on the answers that are under way
// to our page (observed in 2.15), and events all the time.
func holdPage() { C.holdPage() }
