// Cookies know no ports: on localhost every PDS of the network would read and replace the others' cookies.

const NAMES = ['dev-id', 'ses-id'] // how a PDS knows a browser
const OURS = 'mail-'

// ownCookies gives the provider's cookies names of their own, unseen by the PDS.
export function ownCookies(req, res) {
  const others = (cookie) => !NAMES.some((name) => cookie.startsWith(`${name}=`))
  const plain = (cookie) =>
    NAMES.some((name) => cookie.startsWith(`${OURS}${name}=`)) ? cookie.slice(OURS.length) : cookie
  const cookies = req.headers.cookie?.split(/;\s*/)
  if (cookies) req.headers.cookie = cookies.filter(others).map(plain).join('; ')

  const { setHeader } = res
  res.setHeader = function (name, value) {
    const named = (cookie) => (others(cookie) ? cookie : OURS + cookie)
    return setHeader.call(this, name, name.toLowerCase() === 'set-cookie' ? [value].flat().map(named) : value)
  }
}
