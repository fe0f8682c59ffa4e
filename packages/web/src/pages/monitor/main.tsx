import { render } from 'preact'
import '../../ui/base.css'
import { startTheme } from '../../ui/theme.js'
import { say, startLanguage } from '../../i18n/say.js'
import { watchRoundTrips } from '@crossroom/client/stream'
import { STREAMS_PATH } from '../streams.js'
import { MonitorModel } from './monitor-model.js'
import { MonitorPage } from './monitor-page.js'

const REFRESH_MS = 2_000

startTheme()
startLanguage()
watchRoundTrips(STREAMS_PATH)
const model = new MonitorModel()
document.title = say('titleOf', { place: say('monitor') })
render(<MonitorPage model={model} />, document.body)
window.addEventListener('pagehide', () => model.close())
void keepFresh()

/** Asks again and again while the page is seen. */
async function keepFresh(): Promise<void> {
  if (document.visibilityState === 'visible') await model.refresh()
  setTimeout(() => void keepFresh(), REFRESH_MS)
}
