/** AudioSpecificConfigs: made by ffmpeg's AAC encoder, fdk-aac or by hand after ISO/IEC 14496-3 section 1.6.2.1. */
export const audioSpecificConfigCases = [
  {
    name: 'LC 44.1 kHz stereo, with SBR said to be absent (ffmpeg)',
    hex: '121056e500',
    facts: { objectType: 2, sampleRate: 44100, channels: 2, samplesPerFrame: 1024, extensionSampleRate: undefined },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'LC 48 kHz mono (LiteAV)',
    hex: '1188',
    facts: { objectType: 2, sampleRate: 48000, channels: 1, samplesPerFrame: 1024 },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'LC 16 kHz mono',
    hex: '1408',
    facts: { objectType: 2, sampleRate: 16000, channels: 1 },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'LC 22.05 kHz stereo with backward compatible SBR to 44.1 kHz',
    hex: '139056e5a0',
    facts: { objectType: 2, sampleRate: 22050, channels: 2, extensionSampleRate: 44100, parametricStereo: false },
    codecString: 'mp4a.40.5',
  },
  {
    name: 'hierarchical SBR: 24 kHz core, 48 kHz out',
    hex: '2b118800',
    facts: { objectType: 2, sampleRate: 24000, channels: 2, extensionSampleRate: 48000 },
    codecString: 'mp4a.40.5',
  },
  {
    name: 'hierarchical PS: 22.05 kHz mono core, stereo out',
    hex: 'eb8a0800',
    facts: { objectType: 2, sampleRate: 22050, channels: 1, extensionSampleRate: 44100, parametricStereo: true },
    codecString: 'mp4a.40.29',
  },
  {
    name: 'explicit 24-bit rate of 44056 Hz',
    hex: '1780560c10',
    facts: { objectType: 2, sampleRate: 44056, channels: 2 },
    codecString: 'mp4a.40.2',
  },
  {
    name: '960 samples per frame',
    hex: '1194',
    facts: { objectType: 2, sampleRate: 48000, channels: 2, samplesPerFrame: 960 },
    codecString: 'mp4a.40.2',
  },
  {
    name: '7.1',
    hex: '11b8',
    facts: { objectType: 2, sampleRate: 48000, channels: 8 },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'a program config element with one front pair and an LFE',
    hex: '118004c40100200000',
    facts: { objectType: 2, sampleRate: 48000, channels: 3 },
    codecString: 'mp4a.40.2',
  },
] as const

/** What is refused, and why. */
export const refusedAudioSpecificConfigs = [
  { name: 'nothing', hex: '' },
  { name: 'one byte', hex: '12' },
  { name: 'object type 0', hex: '0210' },
  { name: 'an escaped object type, xHE-AAC 42', hex: 'f9480000' },
  { name: 'the escape cut short', hex: 'f9' },
  { name: 'reserved sampling frequency index 13', hex: '1690' },
  { name: 'reserved sampling frequency index 14', hex: '1710' },
  { name: 'an explicit rate of 0', hex: '1780000010' },
  { name: 'an explicit rate of 192000', hex: '1781770010' },
  { name: 'an explicit rate of 2^24-1', hex: '17ffffff90' },
  { name: 'channel configuration 0 without program config', hex: '1180' },
  { name: 'channel configuration 8', hex: '11c0' },
  { name: 'channel configuration 13, 22.2', hex: '11e8' },
  { name: 'SBR around SBR', hex: '2b1294000000' },
] as const
