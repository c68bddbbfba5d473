/** Style of the report page: one accent for what went well, one colour for what did not; everything else is ink on paper. */
const LIGHT =
  '--paper:#f7f8f8;--card:#fff;--ink:#17202a;--soft:#566270;--line:#dde3e8;--ok:#2b7a8b;--failed:#c23b2a;--hatch:#fff;--pass:#186a3f;--pass-back:#e5f4ec;--fail:#a12617;--fail-back:#fceae7;--span:#17202a0f;--dns:#7a8794';
const DARK =
  '--paper:#121518;--card:#1a1e23;--ink:#e9ecef;--soft:#a3adb8;--line:#333b44;--ok:#55b0c2;--failed:#f0705e;--hatch:#1a1e23;--pass:#83daac;--pass-back:#153026;--fail:#ffa193;--fail-back:#3c1f1b;--span:#ffffff12;--dns:#8d99a5';

export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1040px;margin:0 auto;padding:28px 20px 48px}
header{border-radius:12px;padding:18px 22px 20px;border-left:6px solid}
header.pass{background:var(--pass-back);border-color:var(--pass)}header.fail{background:var(--fail-back);border-color:var(--fail)}
h1{font-size:1.2rem;font-weight:550;line-height:1.3;margin:0;overflow-wrap:anywhere}
.word{display:block;font-size:clamp(1.9rem,6vw,2.5rem);font-weight:750;line-height:1.15;letter-spacing:-.01em}
.pass .word{color:var(--pass)}.fail .word{color:var(--fail)}
.what{margin:12px 0 0;padding:0;list-style:none;font-size:1.05rem;overflow-wrap:anywhere}
.what li+li{margin-top:4px}.what b{font-size:1.3rem;font-variant-numeric:tabular-nums;margin:0 .35em 0 .2em;white-space:nowrap}.fail .what b{color:var(--fail)}.what span,.more{color:var(--soft)}
.more{margin:8px 0 0}
h2{font-size:1.05rem;margin:0 0 10px}h3{font-size:.95rem;margin:20px 0 4px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-top:18px}
.when{color:var(--soft);margin:14px 0 0;font-size:.92rem}
.label{display:inline-block;margin:8px 8px 0 0;padding:2px 10px;border:1px dashed var(--soft);border-radius:6px;color:var(--soft);font-size:.88rem}
.story{max-width:72ch;margin:12px 0 0;overflow-wrap:anywhere}
.missed{color:var(--fail);margin:0 0 10px}.empty{color:var(--soft);margin:6px 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:7px 18px 7px 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.84rem;padding-top:0;vertical-align:bottom}
tbody th{font-weight:450;overflow-wrap:break-word}
td.number{text-align:right;white-space:nowrap}
td:last-child,th:last-child{padding-right:0}
td.detail,.own td:last-child{overflow-wrap:anywhere}
.objectives .measured{font-weight:650}.objectives thead th:nth-child(2),.objectives thead th:nth-child(3){text-align:right}
.objectives .gauge{width:138px}.objectives .gauge svg{display:block;width:120px;height:10px;margin-top:7px}
.objectives .verdict{width:3.4em;text-align:right}.objectives thead th:last-child{text-align:right}
tr.pass .verdict{color:var(--pass)}tr.fail .verdict,tr.fail .measured{color:var(--fail)}tr.fail th{font-weight:650}
.kinds{margin-bottom:16px}.kinds thead th:not(:first-child),.kinds td{text-align:right}
.lost thead th:last-child{text-align:right}
details{margin-top:6px}summary{cursor:pointer;padding:5px 0}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
dl{margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));column-gap:36px}
dl div{display:flex;justify-content:space-between;gap:16px;padding:7px 0;border-top:1px solid var(--line)}
dt{color:var(--soft)}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
figure{margin:0}figcaption{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft);font-size:.86rem;margin-top:8px}
figcaption i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px}
i.ok{background:var(--ok)}i.failed{background:repeating-linear-gradient(45deg,var(--failed) 0 3px,var(--hatch) 3px 4px)}i.span{background:var(--span);border:1px solid var(--line)}
figcaption i.limit{width:0;border-left:2px dashed var(--ink);border-radius:0;height:13px}
svg.wide,svg.narrow{display:block;width:100%;height:auto}svg.narrow{display:none}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
svg .tick{fill:var(--soft);font-size:11px}svg .panel{font-weight:600}
svg .ok{fill:var(--ok)}svg .failed{fill:var(--failed)}svg .track{fill:var(--line)}svg .allowed{stroke:var(--ink);stroke-width:1.5}
svg .hatch{stroke:var(--hatch);stroke-width:1.4}
svg .span{fill:var(--span)}svg .grid{stroke:var(--line)}svg .base{stroke:var(--soft)}
svg .mark{stroke:var(--ink);stroke-dasharray:1.5 2.5;opacity:.75}svg .mark.strong{stroke:var(--failed);stroke-dasharray:none;stroke-width:1.5;opacity:1}
svg line.limit{stroke:var(--ink);stroke-width:1.3;stroke-dasharray:5 3}svg text.limit{font-size:11px;paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
svg line.limit.missed{stroke:var(--failed);stroke-width:2;stroke-dasharray:none}svg text.limit.missed{fill:var(--failed);font-weight:650}
svg .letter path{stroke:var(--soft);fill:none;stroke-width:.8}svg .letter circle{fill:var(--card);stroke:var(--soft)}svg .letter text{font-size:10.5px;font-weight:650}
svg .letter.strong circle{fill:var(--failed);stroke:var(--failed)}svg .letter.strong text{fill:var(--card)}
svg .dot.dns{fill:none;stroke:var(--dns);stroke-width:1.4}svg .dot.client{fill:var(--ok)}
.marks{list-style:none;margin:12px 0 0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:3px 24px}
.marks li{display:grid;grid-template-columns:1.9em 5em 1fr;gap:.5em;align-items:baseline;overflow-wrap:anywhere}
.marks b{justify-self:start;min-width:1.7em;height:1.7em;line-height:1.6em;text-align:center;font-size:.75rem;border:1px solid var(--soft);border-radius:1em}
.marks b.strong{background:var(--failed);border-color:var(--failed);color:var(--card)}
.time{text-align:right;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
footer{color:var(--soft);font-size:.88rem;margin-top:20px}footer p{margin:3px 0;max-width:90ch}
@media (max-width:600px){
main{padding:14px 12px 32px}section{padding:14px;border-radius:10px}header{padding:14px 16px 16px}
svg.wide{display:none}svg.narrow{display:block}
th,td{padding-right:10px}
.objectives thead{display:none}.objectives tr{display:grid;grid-template-columns:auto 1fr auto;column-gap:10px;align-items:baseline;border-top:1px solid var(--line);padding:7px 0}.objectives tr:first-child{border-top:0}
.objectives th,.objectives td{border:0;padding:1px 0;text-align:left}.objectives th{grid-column:1/3;grid-row:1}.objectives .verdict{grid-column:3;grid-row:1}.objectives .gauge{display:none}.objectives td.number:not(.measured){color:var(--soft)}.objectives td.number:not(.measured)::before{content:"allowed "}
.kinds td,.own td{white-space:normal}
}
@media print{
:root{color-scheme:light;${LIGHT};--paper:#fff}
html{font-size:12px}body{font-size:1rem}main{max-width:none;padding:0}section,header{break-inside:avoid;-webkit-print-color-adjust:exact;print-color-adjust:exact}section{border-radius:0;padding:10px 0;border-width:1px 0 0}
svg.wide{display:block}svg.narrow{display:none}tr{break-inside:avoid}.scroll{overflow:visible}details:not([open]){display:none}
}
`;
