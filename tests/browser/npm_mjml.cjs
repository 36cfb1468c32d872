// The official MJML compiler as a process that stays: one JSON document a line in, one a line out.
// NEWSLETTER_NODE_MODULES is the folder that npm installed it into.
const path = require('path')
const readline = require('readline')
const loaded = require(path.join(process.env.NEWSLETTER_NODE_MODULES, 'mjml'))
const compile = loaded.default || loaded

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const begin = process.hrtime.bigint()
    const { html, errors } = await compile(JSON.parse(line), { fonts: {}, validationLevel: 'soft' })
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9
    const faults = errors.map((error) => error.formattedMessage || error.message)
    process.stdout.write(JSON.stringify({ html, errors: faults, seconds }) + '\n')
  }
}

main()
