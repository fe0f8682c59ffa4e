export { PublishedStream } from './published-stream.js'
export { PUBLISH_CODECS, RtcPublish, type UplinkPath } from './rtc-publish.js'
