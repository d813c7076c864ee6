// The reference server of graphql-transport-ws over a twin of the toy schema. Prints its port.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
const query = {
  hello: ({ name }) => `Hello ${name}`,
  number: ({ n }) => n,
  crash: () => { throw new Error('a secret of the database') },
  refuse: () => { throw new Error('Not today.') },
}
const roots = {
  query: { ...query, nest: () => query },
  mutation: { append: () => 1 },
  subscription: {
    async *count({ to, delay }) {
      for (let n = 1; n <= to; n++) {
        yield { count: n }
        await sleep(delay)
      }
    },
    async *broken() {
      yield { broken: 1 }
      throw new Error('a secret of the stream')
    },
  },
}
const http = createServer()
const server = new WebSocketServer({ server: http, path: '/graphql' })
useServer({ schema: buildSchema(readFileSync(0, 'utf8')), roots, connectionInitWaitTimeout: 10_000 }, server)
http.listen(0, '127.0.0.1', () => console.log(http.address().port))
