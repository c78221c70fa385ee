# Shows of "go test -v" what a person wants to see: of packages that passed the figures, of others everything.
function forget() { all = ""; figures = "" }
{ all = all $0 "\n" }
/^ +[^ ]+\.go:[0-9]+: figure: / { sub(/^ +[^ ]+: /, ""); figures = figures $0 "\n" }
/^(ok|\?) +\t| \[no test files\]$/ { printf "%s", figures; print; fflush(); forget() }
/^FAIL\t/ { printf "%s", all; forget() }
END { printf "%s", all }
