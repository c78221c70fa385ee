// The pages of the auth origin, filled in from pages/*.html. {{name}} is replaced by the escaped value, and
// {{#name}}...{{/name}} is kept if there is one, once per item if it is a list.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const read = (name) => readFileSync(join(import.meta.dirname, 'pages', name), 'utf8')

const assets = {}
for (const name of ['style.css', 'alive.js', 'code.js', 'handle.js']) {
  const type = name.endsWith('.css') ? 'text/css' : 'text/javascript'
  assets[`/auth/${name}`] = { type, content: read(name) }
}

const pages = {}
for (const name of ['email', 'code', 'chooser', 'choose-handle', 'ended']) pages[name] = read(`${name}.html`)

// asset answers a style sheet or script by its path.
export const asset = (path) => assets[path]

// render answers a whole page.
export const render = (name, { request, ...values }) =>
  fill(pages[name], { uri: request?.uri, shownAs: request?.shownAs, ...values })

const fill = (template, values) =>
  template
    .replace(/{{#(\w+)}}(.*?){{\/\1}}/gs, (_, name, inner) =>
      [values[name] || []]
        .flat()
        .map((item) => fill(inner, { ...values, ...item }))
        .join(''),
    )
    .replace(/{{(\w+)}}/g, (_, name) => escape(String(values[name] ?? '')))

const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
