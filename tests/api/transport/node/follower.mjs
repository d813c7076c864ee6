// The stock client following `entries`, subscribing again from its last cursor whenever the socket is lost.
// Prints each cursor on a line of its own; ends after the count that it is given.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

const [url, wanted] = process.argv.slice(2)
const query = `subscription Follow($after: String) { entries(after: $after) { ... on Entry { cursor text } } }`
const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true })
let after = '0'
let seen = 0
while (seen < Number(wanted)) {
  try {
    for await (const { data } of client.iterate({ query, variables: { after } })) {
      after = data.entries.cursor
      console.log(after)
      if (++seen >= Number(wanted)) break
    }
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
process.exit(0)
