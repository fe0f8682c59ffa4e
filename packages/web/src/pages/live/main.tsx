import { takeToken } from './token.js'
import { watchRoundTrips } from '@crossroom/client/stream'
import { render } from 'preact'
import { startLanguage } from '../../i18n/say.js'
import '../../ui/base.css'
import { startTheme } from '../../ui/theme.js'
import { STREAMS_PATH } from '../streams.js'
import { LiveModel } from './live-model.js'
import { LivePage } from './live-page.js'

takeToken()
startTheme()
startLanguage()
watchRoundTrips(STREAMS_PATH)
const model = new LiveModel()
render(<LivePage model={model} />, document.body)
model.start()
