// The provider's mail, over real SMTP to a sink that keeps everything in memory and shows it over HTTP:
//
//   GET /mail?to=ADDRESS   the last mail to an address: {"to", "subject", "text", "code", "count"}; count is how
//                          many there were. 404 when there was none.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'

// startMail shows the mails on a held port. The answer has send(), url and destroy().
export async function startMail({ held, port }) {
  const boxes = new Map() // the mails to each address, oldest first
  const sink = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    async onData(stream, session, done) {
      const mail = parse((await buffer(stream)).toString())
      for (const { address } of session.envelope.rcptTo) {
        const to = address.toLowerCase()
        boxes.set(to, [...(boxes.get(to) ?? []), { to, ...mail }])
      }
      done()
    },
  })
  sink.on('error', () => {}) // of one connection; its sender sees it too
  const smtp = sink.listen(0, '127.0.0.1')
  await once(smtp, 'listening')
  const transport = createTransport({ host: '127.0.0.1', port: smtp.address().port, ignoreTLS: true })

  const web = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url, 'http://localhost')
    const to = searchParams.get('to')?.toLowerCase()
    const mails = boxes.get(to)
    const [status, answer] =
      req.method !== 'GET' || pathname !== '/mail' || !to
        ? [400, { error: 'ask for GET /mail?to=ADDRESS' }]
        : mails
          ? [200, { ...mails.at(-1), count: mails.length }]
          : [404, { error: `no mail came for ${to}` }]
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  web.listen(held)
  await once(web, 'listening')

  // send returns once the mail has arrived.
  const send = (to, code) =>
    transport.sendMail({
      from: { name: 'Mail provider', address: 'no-reply@mail.test' },
      to: { name: '', address: to },
      subject: 'Your sign-in code',
      text: `Your sign-in code is ${code}\n\nIt is good for 10 minutes. If you did not ask for it, do nothing.\n`,
    })

  async function destroy() {
    transport.close()
    web.close()
    web.closeAllConnections()
    await new Promise((resolve) => sink.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}/mail`, send, destroy }
}

// parse reads what send writes: short lines of ASCII, which nothing on the way encodes.
function parse(message) {
  const [head, ...body] = message.split('\r\n\r\n')
  const text = body.join('\n\n').replaceAll('\r\n', '\n').trim()
  return { subject: /^subject: (.*)$/im.exec(head)?.[1] ?? '', text, code: /\b\d{8}\b/.exec(text)?.[0] ?? '' }
}
