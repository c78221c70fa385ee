// The real DID directory, with its operations kept in a file.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import plc from '@did-plc/server'

// The server's own in-memory database, which checks every operation as the public directory does, and
// which here writes down what it accepted and takes it in again, through the same checks, at the next start.
class FileDatabase extends plc.MockDatabase {
  constructor(file) {
    super()
    this.file = file
  }

  async load() {
    if (!existsSync(this.file)) return
    for (const line of readFileSync(this.file, 'utf8').split('\n').filter(Boolean)) {
      const { did, operation, createdAt } = JSON.parse(line)
      await super.validateAndAddOp(did, operation)
      this.contents[did].at(-1).createdAt = new Date(createdAt)
    }
  }

  async validateAndAddOp(did, operation) {
    await super.validateAndAddOp(did, operation)
    const { createdAt } = this.contents[did].at(-1)
    appendFileSync(this.file, JSON.stringify({ did, operation, createdAt }) + '\n')
  }
}

// startPlc serves on a held port. The answer has destroy().
export async function startPlc({ file, held }) {
  const db = new FileDatabase(file)
  await db.load()
  const server = plc.PlcServer.create({ db, port: held })
  await server.start()
  return server
}
