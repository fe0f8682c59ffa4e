import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'

/** A refusal of the API: an HTTP status, a stable code, one sentence. */
export class ApiError extends Error {
  readonly statusCode: number
  readonly code: string

  constructor(statusCode: number, code: string, message: string) {
    super(message)
    this.statusCode = statusCode
    this.code = code
  }
}

interface Failure {
  readonly statusCode?: number
  readonly code?: string
  readonly message: string
}

/** Makes every error of this part of the server `{error: {code, message}}`; internal details stay internal. */
export function answerErrorsAsJson(scope: FastifyInstance, onUnexpected: (error: unknown) => void): void {
  scope.setErrorHandler((error: Failure, _request: FastifyRequest, reply: FastifyReply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const issue = error.validation[0]
      const where = issue?.instancePath.split('/').filter(Boolean).join('.') ?? ''
      const what = `${where === '' ? (error.validationContext ?? 'request') : where}: ${issue?.message ?? 'is wrong'}`
      return send(reply, 400, 'BAD_REQUEST', what)
    }
    if (error instanceof ApiError) {
      if (error.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="crossroom"')
      if (error.statusCode === 429) reply.header('retry-after', '60')
      return send(reply, error.statusCode, error.code, error.message)
    }
    const status = error.statusCode ?? 500
    if (status >= 400 && status < 500) return send(reply, status, codeOf(status), error.message)
    onUnexpected(error)
    return send(reply, 500, 'INTERNAL', 'The server failed; its log says why.')
  })
  scope.setNotFoundHandler((request, reply) =>
    send(reply, 404, 'NOT_FOUND', `The API has no ${request.method} for this path; see /api/v1/openapi.json.`),
  )
}

function send(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.status(status).serializer(JSON.stringify).type('application/json').send({ error: { code, message } })
}

/** `Unsupported Media Type` becomes `UNSUPPORTED_MEDIA_TYPE`. */
function codeOf(status: number): string {
  return (STATUS_CODES[status] ?? 'BAD_REQUEST').toUpperCase().replaceAll(/[^A-Z]+/g, '_')
}
