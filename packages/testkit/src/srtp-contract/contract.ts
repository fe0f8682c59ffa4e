import { BEHAVIOUR_CASES } from './behaviour.js'
import { DIFFERENTIAL_CASES } from './differential.js'
import type { ContractCase } from './subject.js'
import { VECTOR_CASES } from './vectors.js'

/**
 * What an implementation of SRTP must do: RFC vectors, behaviour, and agreement with the oracle. Free of a test
 * framework, so that the sanitizers' run needs none.
 */
export const SRTP_CONTRACT: readonly ContractCase[] = [...VECTOR_CASES, ...BEHAVIOUR_CASES, ...DIFFERENTIAL_CASES]
