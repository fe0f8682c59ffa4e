import { describe, test } from 'vitest'
import { SRTP_CONTRACT } from './contract.js'
import { ORACLE_SUBJECT } from './subject.js'

describe('the SRTP oracle keeps the contract', () => {
  for (const { name, run } of SRTP_CONTRACT) test(name, () => run(ORACLE_SUBJECT))
})
