// Settings, Developers in a real browser, by keyboard alone and without JavaScript:
//   node developers.mjs BINARY [SCREENSHOTS]
// The link of `sextant user link` signs in; a token is created, copied out of its field, used, and revoked; an
// application asks on the consent page, is refused and let in. Every page is photographed, light and dark.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'

const binary = resolve(process.argv[2])
const shots = resolve(process.argv[3] ?? 'target/screenshots')
const work = mkdtempSync(join(tmpdir(), 'sextant-browser-'))
const env = { ...process.env, SEXTANT_STATE: join(work, 'state.db') }
const sextant = (...args) => execFileSync(binary, args, { env, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }).trim()
const EMAIL = 'ada@example.com'
mkdirSync(shots, { recursive: true })

function listening(server) {
  return new Promise((done, failed) => {
    let said = ''
    server.stderr.on('data', (text) => {
      said += text
      const found = said.match(/listening on (http[^ ]*)/)
      if (found) done(found[1])
    })
    server.on('exit', () => failed(new Error(said)))
  })
}

/** Presses Tab until `element` has the focus, as somebody without a mouse would; the focus must be seen. */
async function reach(page, element) {
  for (let pressed = 0; pressed < 120; pressed += 1) {
    if (await element.evaluate((wanted) => wanted === document.activeElement)) {
      const outline = await element.evaluate((at) => getComputedStyle(at).outlineStyle + getComputedStyle(at).outlineWidth)
      assert.notEqual(outline, 'none0px', 'the focus cannot be seen')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`no key leads to ${element}`)
}

/** Presses Enter on what leads to another page. */
async function press(page, element) {
  await reach(page, element)
  await enter(page)
}

async function enter(page) {
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
}

async function photograph(page, name) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: join(shots, `${name}-${scheme}.png`), fullPage: true })
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 390, height: 800 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  assert.ok(wide <= 390, `${name} is ${wide} wide on a telephone`)
  await page.screenshot({ path: join(shots, `${name}-narrow.png`), fullPage: true })
  await page.setViewportSize({ width: 1200, height: 900 })
  await check(page, name)
}

/** What a person with a screen reader needs: one heading, a name for every control, a language, a title. */
async function check(page, name) {
  assert.equal(await page.locator('h1').count(), 1, name)
  assert.equal(await page.locator('html').getAttribute('lang'), 'en', name)
  const nameless = await page.locator('input:not([type=hidden]), select, button, a').evaluateAll((controls) =>
    controls.filter((c) => !(c.labels?.length || c.textContent.trim() || c.getAttribute('aria-label'))).map((c) => c.outerHTML))
  assert.deepEqual(nameless, [], `${name}: controls without a name`)
  const dark = await page.evaluate(() => document.scripts.length)
  assert.equal(dark, 0, `${name} has a script`)
}

async function signIn(page, url) {
  await page.goto(`${url}/settings/developers`)
  assert.match(page.url(), /\/sign-in\?/)
  await photograph(page, 'sign-in')
  await reach(page, page.getByLabel('Mail address'))
  await page.keyboard.type(EMAIL)
  await page.keyboard.press('Tab')
  await page.keyboard.type('not the password')
  await enter(page)
  assert.match(await page.getByRole('alert').textContent(), /not right/)
  await photograph(page, 'sign-in-refused')
  await page.goto(sextant('user', 'link', EMAIL, '--url', url))
  await photograph(page, 'sign-in-link')
  await press(page, page.getByRole('button', { name: 'Sign in' }))
  assert.equal(new URL(page.url()).pathname, '/settings/developers')
}

async function createAndRevoke(page, url) {
  await photograph(page, 'developers-empty')
  await reach(page, page.getByLabel('Name', { exact: true }))
  await page.keyboard.type('A sheet <of numbers>')
  await reach(page, page.getByLabel('Ends'))
  await page.keyboard.press('ArrowUp')
  await press(page, page.getByRole('button', { name: 'Create token' }))
  const field = page.getByLabel('A sheet <of numbers>')
  const token = await field.inputValue()
  assert.match(token, /^sextant_oat_[0-9A-Za-z]{38}$/)
  await reach(page, field)
  await page.keyboard.press('Control+A')
  await page.keyboard.press('Control+C')
  await photograph(page, 'token-created')
  await press(page, page.getByRole('link', { name: 'I have copied it' }))
  const name = page.getByLabel('Name', { exact: true })
  await reach(page, name)
  await page.keyboard.press('Control+V')
  assert.equal(await name.inputValue(), token, 'the clipboard holds the token')
  await name.fill('')
  assert.ok(!(await page.content()).includes(token), 'the token is shown once')
  const call = () => fetch(`${url}/mcp/tool/list_metrics`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }, body: '{}',
  })
  assert.equal((await call()).status, 200)
  await photograph(page, 'developers')
  await press(page, page.getByRole('link', { name: 'Revoke A sheet <of numbers>' }))
  await photograph(page, 'revoke')
  await press(page, page.getByRole('button', { name: 'Revoke', exact: true }))
  assert.match(await page.getByRole('status').textContent(), /Revoked/)
  assert.equal((await call()).status, 401, 'refused on the next request')
}

async function consent(page, url) {
  const back = createServer((_, answer) => answer.end('back at the application'))
  await new Promise((done) => back.listen(0, '127.0.0.1', done))
  const callback = `http://127.0.0.1:${back.address().port}/callback`
  const registered = await fetch(`${url}/oauth/register`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_name: 'Somebody’s <b>assistant</b>', redirect_uris: ['http://127.0.0.1/callback'] }),
  })
  const asked = new URLSearchParams({
    response_type: 'code', client_id: (await registered.json()).client_id, redirect_uri: callback, state: 'x',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
    scope: 'metrics:read query:sql feedback:write',
  })
  for (const [button, parameter] of [['Do not let it in', 'error'], ['Let it in', 'code']]) {
    await page.goto(`${url}/oauth/authorize?${asked}`)
    await photograph(page, 'consent')
    await press(page, page.getByRole('button', { name: button, exact: true }))
    const at = new URL(page.url())
    assert.equal(at.origin + at.pathname, callback, 'the form’s redirect is followed')
    assert.ok(at.searchParams.get(parameter) && at.searchParams.get('iss') === url, page.url())
  }
  const framed = createServer((_, answer) => {
    answer.setHeader('Content-Type', 'text/html')
    answer.end(`<title>A frame</title><iframe src="${url}/oauth/authorize?${asked}" width="600" height="600"></iframe>`)
  })
  await new Promise((done) => framed.listen(0, '127.0.0.1', done))
  await page.goto(`http://127.0.0.1:${framed.address().port}/`)
  const inside = await page.frames()[1].evaluate(() => document.body?.innerText ?? '').catch(() => '')
  assert.ok(!inside.includes('Let it in'), 'the consent page cannot be framed')
  for (const server of [back, framed]) server.close()
  await page.goto(`${url}/settings/developers`)
  await photograph(page, 'developers-with-application')
  await press(page, page.getByRole('link', { name: 'Revoke Somebody’s <b>assistant</b>' }))
  await press(page, page.getByRole('button', { name: 'Revoke', exact: true }))
  await reach(page, page.locator('summary').filter({ hasText: /^Claude Code$/ }))
  await page.keyboard.press('Enter')
  await photograph(page, 'developers-recipe')
  assert.ok((await page.locator('details[open] pre').first().textContent()).includes(`${url}/mcp`))
  await press(page, page.getByRole('button', { name: 'Sign out' }))
  await page.goto(`${url}/settings/developers`)
  assert.match(page.url(), /\/sign-in\?/)
}

sextant('user', 'create', EMAIL, '--name', 'Ada', '--scopes', 'query:sql,feedback:write,tokens:manage')
const server = spawn(binary, ['serve', '--http', '127.0.0.1:0'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
let browser
try {
  const url = await listening(server)
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1200, height: 900 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
  const page = await context.newPage()
  const faults = []
  // What other hosts of this test do not have, an icon, is no fault of the pages.
  page.on('console', (message) => {
    if (message.type() === 'error' && message.location().url.startsWith(url)) faults.push(message.text())
  })
  await signIn(page, url)
  await createAndRevoke(page, url)
  await consent(page, url)
  const expected = /frame-ancestors|X-Frame-Options|403 \(Forbidden\)|favicon/
  assert.deepEqual(faults.filter((fault) => !expected.test(fault)), [], 'the browser complains')
  console.log(`the pages work by keyboard and without scripts; pictures in ${shots}`)
} finally {
  await browser?.close()
  server.kill()
  rmSync(work, { recursive: true, force: true })
}
