import { CrossroomError } from '../errors.js'
import { FRAGMENT_SHADER, VERTEX_SHADER } from './shaders.js'

/** Strengths from 0 to 1. */
export interface PaintStrengths {
  readonly smoothing: number
  readonly whitening: number
}

/** Paints pictures with less of their pores, by WebGL 2. */
export class BeautyPainter {
  readonly #canvas: HTMLCanvasElement | OffscreenCanvas
  readonly #gl: WebGL2RenderingContext
  readonly #pixel: WebGLUniformLocation | null
  readonly #smoothing: WebGLUniformLocation | null
  readonly #whitening: WebGLUniformLocation | null

  /** Throws `NOT_SUPPORTED` where there is no WebGL 2. */
  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#canvas = canvas
    const options = { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: false }
    const gl = canvas.getContext('webgl2', options) as WebGL2RenderingContext | null
    if (gl === null) throw new CrossroomError('NOT_SUPPORTED', 'This browser has no WebGL 2, which the filter needs.')
    this.#gl = gl
    const program = programOf(gl)
    gl.useProgram(program)
    this.#pixel = gl.getUniformLocation(program, 'pixel')
    this.#smoothing = gl.getUniformLocation(program, 'smoothing')
    this.#whitening = gl.getUniformLocation(program, 'whitening')
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture())
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE)
    }
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR)
    }
  }

  /** Paints one picture of that many pixels onto the canvas. */
  paint(picture: TexImageSource, width: number, height: number, strengths: PaintStrengths): void {
    const gl = this.#gl
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width
      this.#canvas.height = height
      gl.viewport(0, 0, width, height)
      gl.uniform2f(this.#pixel, 1 / width, 1 / height)
    }
    gl.uniform1f(this.#smoothing, strengths.smoothing)
    gl.uniform1f(this.#whitening, strengths.whitening)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture)
    gl.drawArrays(gl.TRIANGLES, 0, 3)
  }

  /** Gives the graphics memory back. */
  close(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext()
  }
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(type)
    if (shader === null) throw new CrossroomError('PROCESSOR_FAILED')
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
    throw new CrossroomError('PROCESSOR_FAILED', undefined, { cause: gl.getProgramInfoLog(program) })
  }
  return program
}
