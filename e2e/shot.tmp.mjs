import { chromium } from "@playwright/test";
const [,, url, out, w="1440", h="900", scheme="light", script=""] = process.argv;
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox","--disable-gpu","--disable-quic","--no-first-run","--disable-background-networking","--disable-component-update","--disable-sync"] });
const p = await b.newPage({ viewport: { width: +w, height: +h }, colorScheme: scheme });
p.on("console", m => console.log("console", m.type(), m.text()));
p.on("pageerror", e => console.log("pageerror", e.message));
await p.goto(url); await p.waitForTimeout(2500);
if (script) { await eval(`(async()=>{${script}})()`); await p.waitForTimeout(800); }
await p.screenshot({ path: out });
console.log(await p.title(), await p.evaluate(()=>document.documentElement.scrollWidth));
await b.close();
