import type { Frame } from 'node-av/lib'
import { imageKindOf, type ImageKind } from '../../../image-kind.js'
import type { Library } from '../library.js'
import { Canvas } from './canvas.js'
import { PictureScaler } from './picture-scaler.js'

/** An image file as a background: it covers the whole canvas; what sticks out is cut off. Throws a sentence. */
export function backgroundOf(library: Library, file: Buffer, width: number, height: number): Canvas {
  const picture = decodeImage(library, file)
  const scaler = new PictureScaler(library)
  try {
    const scale = Math.max(width / picture.width, height / picture.height)
    const whole = new Canvas(library, even(picture.width * scale, width), even(picture.height * scale, height))
    scaler.draw(picture, 0, whole, { x: 0, y: 0, width: whole.width, height: whole.height })
    return cut(library, whole, width, height)
  } finally {
    scaler.close()
    picture.free()
  }
}

function cut(library: Library, whole: Canvas, width: number, height: number): Canvas {
  if (whole.width === width && whole.height === height) return whole
  const [left, top] = [((whole.width - width) >> 2) * 2, ((whole.height - height) >> 2) * 2]
  const canvas = new Canvas(library, width, height)
  canvas.take(whole, left, top)
  whole.close()
  return canvas
}

function even(pixels: number, least: number): number {
  return Math.max(least, Math.round(pixels / 2) * 2)
}

function decodeImage(library: Library, file: Buffer): Frame {
  const { Codec, CodecContext, Frame, Packet } = library
  const kind = imageKindOf(file)
  const codec = kind === undefined ? null : Codec.findDecoder(codecIdOf(library, kind))
  if (codec === null) throw new Error('The background is no picture that can be read')
  const [context, packet, frame] = [new CodecContext(), new Packet(), new Frame()]
  context.allocContext3(codec)
  packet.alloc()
  frame.alloc()
  try {
    context.threadCount = 1
    packet.data = file
    const isRead =
      context.open2Sync(codec, null) >= 0 &&
      context.sendPacketSync(packet) >= 0 &&
      context.sendPacketSync(null) >= 0 &&
      context.receiveFrameSync(frame) >= 0
    if (!isRead) throw new Error('The background is no picture that can be read')
    return frame
  } catch (error) {
    frame.free()
    throw error
  } finally {
    packet.free()
    context.freeContext()
  }
}

function codecIdOf({ constants }: Library, kind: ImageKind) {
  switch (kind) {
    case 'png':
      return constants.AV_CODEC_ID_PNG
    case 'jpeg':
      return constants.AV_CODEC_ID_MJPEG
    case 'webp':
      return constants.AV_CODEC_ID_WEBP
  }
}
