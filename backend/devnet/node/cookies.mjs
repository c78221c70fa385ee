// Cookies know no ports: on localhost every PDS of the network would read and replace the others' cookies.

const NAMES = ['dev-id', 'ses-id'] // how a PDS knows a browser

// ownCookies gives a server's cookies names of their own, which begin with the prefix, unseen by the PDS.
export function ownCookies(prefix, req, res) {
  const others = (cookie) => !NAMES.some((name) => cookie.startsWith(`${name}=`))
  const plain = (cookie) =>
    NAMES.some((name) => cookie.startsWith(`${prefix}${name}=`)) ? cookie.slice(prefix.length) : cookie
  const cookies = req.headers.cookie?.split(/;\s*/)
  if (cookies) req.headers.cookie = cookies.filter(others).map(plain).join('; ')

  const { setHeader } = res
  res.setHeader = function (name, value) {
    const named = (cookie) => (others(cookie) ? cookie : prefix + cookie)
    return setHeader.call(this, name, name.toLowerCase() === 'set-cookie' ? [value].flat().map(named) : value)
  }
}
