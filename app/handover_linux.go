//go:build !bindings

package app

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/wailsapp/wails/v2/pkg/options"

	"latchkey/backend/config"
)

// handOverTime bounds how long an open window may take to answer. It takes no more than a moment.
const handOverTime = 5 * time.Second

// handOver hands what this program was started with to the window that is open on the same data, and tells whether
// that one took it; able says that others can hand over to us. Wails would do the same, but only when our own service
// is on its way already, and it ends as a failure, which xdg-open then reports (observed).
func handOver(cfg config.Config) (done, able bool) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return false, false
	}
	defer func() { _ = conn.Close() }()
	if conn.Auth(nil) != nil || conn.Hello() != nil {
		return false, false
	}
	data, err := options.NewSecondInstanceData()
	if err != nil {
		return false, true
	}
	message, err := json.Marshal(data)
	if err != nil {
		return false, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), handOverTime)
	defer cancel()
	// The names are those that Wails makes of the id (observed in 2.15).
	id := "wails_app_" + strings.NewReplacer("-", "_", ".", "_").Replace(instanceID(cfg))
	window := conn.Object("org."+id+".SingleInstance", dbus.ObjectPath("/org/"+id+"/SingleInstance"))
	err = window.CallWithContext(ctx, "org."+id+".SingleInstance.SendMessage", dbus.FlagNoAutoStart, string(message)).Err
	return err == nil, true
}
