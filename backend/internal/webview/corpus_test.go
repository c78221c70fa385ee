//go:build devnet

package webview

import "strings"

// corpus is what somebody may call themselves to have something run or fetched where the name is shown. RUN
// stands for a call that the window's log tells of, ADDRESS for a server that tells of visits. With both in
// place none is longer than a display name may be.
var corpus = []string{
	`<script>RUN</script>`,
	`<ScRiPt>RUN</sCrIpT>`,
	`<script src=//ADDRESS></script>`,
	`<script type=module src=//ADDRESS></script>`,
	`<svg><script>RUN</script></svg>`,
	`<IMG """><SCRIPT>RUN</SCRIPT>">`,
	`<img src=x onerror=RUN>`,
	`<img src=//ADDRESS>`,
	`<img srcset=//ADDRESS>`,
	`<svg onload=RUN>`,
	`<svg/onload=RUN>`,
	`<svg><animate onbegin=RUN attributeName=x>`,
	`<math><mtext><img src=x onerror=RUN>`,
	`<body onload=RUN>`,
	`<input autofocus onfocus=RUN>`,
	`<x tabindex=1 autofocus onfocus=RUN>`,
	`<details open ontoggle=RUN>`,
	`<video src=x onerror=RUN>`,
	`<audio src=//ADDRESS autoplay>`,
	`<marquee onstart=RUN>`,
	`<style>*{background:url(//ADDRESS)}</style>`,
	`<style>@import'//ADDRESS';</style>`,
	`<link rel=stylesheet href=//ADDRESS>`,
	`<link rel=prefetch href=//ADDRESS>`,
	`<p style=background:url(//ADDRESS)>`,
	`<iframe src=//ADDRESS></iframe>`,
	`<iframe srcdoc="<script>parent.RUN</script>">`,
	`<iframe src="javascript:parent.RUN">`,
	`<object data=//ADDRESS></object>`,
	`<embed src=//ADDRESS>`,
	`<meta http-equiv=refresh content=0;url=//ADDRESS>`,
	`<base href=//ADDRESS>`,
	`<form action=//ADDRESS><input autofocus></form>`,
	`<a href="javascript:RUN">x</a>`,
	`javascript:RUN`,
	`data:text/html,<script>RUN</script>`,
	`"><script>RUN</script>`,
	`'><img src=x onerror=RUN>`,
	`" onmouseover="RUN" x="`,
	`' autofocus onfocus='RUN`,
	`</title><script>RUN</script>`,
	`</textarea><script>RUN</script>`,
	`</script><script>RUN</script>`,
	`--><script>RUN</script><!--`,
	`]]><script>RUN</script>`,
	`<noscript><p x="</noscript><svg onload=RUN>">`,
	`{RUN}`,
	`{{RUN}}`,
	`${RUN}`,
	`{{constructor.constructor("RUN")()}}`,
	`{@html "<img src=x onerror=RUN>"}`,
	`{#if RUN}{/if}`,
	`&lt;script&gt;RUN&lt;/script&gt;`,
	`&#60;script&#62;RUN`,
	`\u003cscript\u003eRUN\u003c/script\u003e`,
	`%3Cscript%3ERUN%3C/script%3E`,
	`');RUN//`,
	`\');RUN//`,
	`";RUN//`,
	"`;RUN//",
	`</a>');RUN//`,
}

// odd are those with characters that are not shown: they are looked for without them.
var odd = []string{
	"\u202e<script>RUN</script>",
	"\u2028');RUN//",
	"<script>\nRUN\n</script>",
	"\ufeff<script>RUN</script>",
	"<img\tsrc=x\tonerror=RUN>",
}

// hosts are those that an address may have for its host.
var hosts = []string{`<script>RUN`, `"><script>RUN`, `');RUN;('`, `<x>RUN`, `&lt;script&gt;RUN`, `";RUN`}

// mark is what the log tells when something ran.
const mark = `"ran"`

// payloads are the corpus for a canary.
func payloads(of []string, c *canary) []string {
	fill := strings.NewReplacer("RUN", "WailsInvoke('LEran')", "ADDRESS", c.address)
	var all []string
	for _, p := range of {
		all = append(all, fill.Replace(p))
	}
	return all
}
