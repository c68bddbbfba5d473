/** Style of the report page. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fbfbf9;--card:#fff;--ink:#1c2127;--soft:#5b6570;--line:#dfe3e6;--ok:#2f7d8c;--failed:#c8402f;--hatch:#fff;--pass:#1d6b45;--pass-back:#e2f3ea;--fail:#a32a1b;--fail-back:#fbe6e2;--dot:#b26a00;--strong:#1c2127}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1b1f24;--ink:#e8eaed;--soft:#a1abb5;--line:#343b43;--ok:#4fa9ba;--failed:#ef6a58;--hatch:#14171a;--pass:#7fd6a8;--pass-back:#17332a;--fail:#ff9d8f;--fail-back:#41201b;--dot:#f0ab4a;--strong:#fff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1040px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:clamp(1.45rem,4.5vw,2rem);line-height:1.2;margin:.4em 0 .2em;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:0 0 12px}h3{font-size:1rem;margin:18px 0 4px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;margin-top:20px}
.badge{display:inline-block;margin:0;padding:3px 14px;border-radius:999px;font-weight:650}
.badge.pass,td.pass{color:var(--pass)}.badge.fail,td.fail{color:var(--fail)}
.badge.pass{background:var(--pass-back)}.badge.fail{background:var(--fail-back)}
td.pass,td.fail{font-weight:650}
.when{color:var(--soft);margin:0}
.label{display:inline-block;margin:8px 0 0;padding:2px 10px;border:1px dashed var(--soft);border-radius:6px;color:var(--soft);font-size:.9rem}
.story{font-size:1.06rem;max-width:68ch}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:8px 14px 8px 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--soft);font-weight:550;font-size:.88rem}
tbody th{font-weight:450}
td{white-space:nowrap}
td:last-child{padding-right:0}
details td:last-child{white-space:normal}
details{margin-top:8px}summary{cursor:pointer;padding:6px 0}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
dl{margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));column-gap:32px}
dl div{display:flex;justify-content:space-between;gap:16px;padding:8px 0;border-top:1px solid var(--line)}
dt{color:var(--soft)}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums}
figure{margin:0}figcaption{color:var(--soft);font-size:.88rem;margin-top:8px}
.swatch{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 2px 0 10px}.swatch.ok{background:var(--ok);margin-left:0}.swatch.span{background:var(--dot);opacity:.3}.swatch.failed{background:repeating-linear-gradient(45deg,var(--failed) 0 3px,var(--hatch) 3px 4px)}
svg{display:block;width:100%;min-width:660px;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
svg .letter text{stroke:none}
svg .tick{fill:var(--soft);font-size:11px}svg .panel{font-weight:600;font-size:13px}
svg .ok{fill:var(--ok)}svg .failed{fill:var(--failed)}svg .hatch{stroke:var(--hatch);stroke-width:1.4}
svg .span{fill:var(--dot);opacity:.13}svg .grid{stroke:var(--line)}svg .base{stroke:var(--soft)}
svg .mark{stroke:var(--soft);stroke-dasharray:2 4}svg .mark.strong{stroke:var(--failed);stroke-dasharray:none;stroke-width:1.6}
svg .letter circle{fill:var(--card);stroke:var(--soft)}svg .letter text{font-size:11px;font-weight:650}
svg .letter.strong circle{fill:var(--failed);stroke:var(--failed)}svg .letter.strong text{fill:var(--paper)}
svg .dot-0{fill:none;stroke:var(--dot);stroke-width:1.4}svg .dot-1{fill:var(--ok)}
.marks{list-style:none;margin:14px 0 0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:4px 24px}
.marks li{display:grid;grid-template-columns:1.7em 5.2em 1fr;gap:.5em;align-items:baseline}
.marks b{display:inline-block;width:1.6em;height:1.6em;line-height:1.5em;text-align:center;font-size:.8rem;border:1px solid var(--soft);border-radius:50%}
.marks b.strong{background:var(--failed);border-color:var(--failed);color:var(--paper)}
.time{display:inline-block;min-width:5em;text-align:right;color:var(--soft);font-variant-numeric:tabular-nums}
td.time{display:table-cell}
footer{color:var(--soft);font-size:.9rem;margin-top:24px}footer p{margin:4px 0;max-width:90ch}
table.kinds{margin-bottom:18px}table.kinds td,table.own td{white-space:normal}
@media (max-width:560px){.objectives thead{display:none}.objectives tr{display:grid;grid-template-columns:1fr 1fr 3.2em;border-top:1px solid var(--line);padding:7px 0}.objectives tr:first-child{border-top:0}.objectives th,.objectives td{border:0;padding:1px 8px 1px 0}.objectives tbody th{grid-column:1/-1}.objectives td:first-of-type{color:var(--soft)}main{padding:20px 12px 32px}section{padding:16px 14px;border-radius:10px}th,td{padding-right:10px}}
@media print{body{background:#fff}section{break-inside:avoid}}
`;
