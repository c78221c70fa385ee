// What both origins of the provider need of HTTP.

export function redirect(res, location) {
  res.writeHead(303, { location, 'cache-control': 'no-store' }).end()
}

// fail answers a fault of ours.
export function fail(res, error) {
  console.error('email provider:', error)
  if (!res.headersSent) res.writeHead(500, { 'content-type': 'text/plain' })
  res.end('The email provider has failed. What happened is in the output of the private network.')
}

export async function readForm(req) {
  const limit = 10_000
  let text = ''
  for await (const chunk of req) {
    text += chunk
    if (text.length > limit) throw new Error('the form is too long')
  }
  return new URLSearchParams(text)
}
