export type {
  Admission,
  Grant,
  Refusal,
  RefusalCode,
  StreamAction,
  StreamEndReason,
  StreamGate,
  StreamProtocol,
  StreamRequest,
} from './gate.js'
