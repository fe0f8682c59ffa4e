export { PublishedStream } from './published-stream.js'
export { PUBLISH_WISHES, RtcPublish, type UplinkPath } from './rtc-publish.js'
