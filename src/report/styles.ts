// The look of a report as one inline style sheet: a column of text with figures that may be wider, system fonts, light
// and dark, from a phone's width up, and sensible on paper.
import { colourStyles } from "./theme.js";

export const styles = `${colourStyles}
:root{--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;
--serif:Charter,"Bitstream Charter","Iowan Old Style","Palatino Linotype",Palatino,"URW Palladio L",P052,Cambria,Georgia,"Noto Serif",serif}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.62 var(--serif);counter-reset:figure table;
overflow-wrap:break-word}
main{max-width:74rem;margin:0 auto;padding:4.5rem 1.5rem 6rem}
header,nav,section>h2,section>h3,section>p,section>ul,section>ol,section>dl,section>.question,section>.note,section>details>summary{max-width:43rem;margin-inline:auto}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.15em}
p,ul,ol{margin:0 0 1rem}
strong{font-weight:650}
code{font:.86em/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}

.eyebrow{margin:0 0 .6rem;color:var(--quiet);font:600 .8125rem/1.4 var(--sans);letter-spacing:.04em}
h1{margin:0 0 1rem;font-size:clamp(1.9rem,1.3rem + 2.6vw,2.75rem);line-height:1.14;font-weight:600;letter-spacing:-.012em;
text-wrap:balance}
.lead{font-size:1.2rem;line-height:1.55;color:var(--quiet);margin-bottom:2rem}
h2{margin:5rem auto 1.1rem;padding-top:1.4rem;border-top:1px solid var(--rule);font-size:1.65rem;line-height:1.25;
font-weight:600;letter-spacing:-.006em;text-wrap:balance}
h3{margin:2.8rem auto .7rem;font-size:1.2rem;line-height:1.3;font-weight:600;text-wrap:balance}
.findings{padding-left:1.15rem;margin-bottom:2.2rem}
.findings li{margin-bottom:.55rem;padding-left:.2rem}
.question ul{padding-left:1.1rem}.question li{margin-bottom:.4rem}
.findings li::marker,.question li::marker{color:var(--quiet)}

.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem 1.6rem;margin-block:0 2.4rem;padding:1.1rem 0;
border-block:1px solid var(--rule);font:.875rem/1.45 var(--sans)}
.facts div{min-width:0}
.facts .broad{grid-column:span 2}
.facts dt{color:var(--quiet);font-size:.78rem}
.facts dd{margin:.1rem 0 0}
nav{font:.9rem/1.9 var(--sans)}
nav p{display:grid;grid-template-columns:7rem 1fr;gap:0 .6rem;margin:0}
nav p>span:last-child{display:flex;flex-wrap:wrap;gap:0 1.3rem;min-width:0}
nav .part{color:var(--quiet)}
h2 .part{display:block;margin-bottom:.25rem;color:var(--quiet);font:600 .8125rem/1.4 var(--sans);letter-spacing:.04em}

figure{margin:2.2rem 0 2.6rem}
figcaption{font:.875rem/1.5 var(--sans);color:var(--quiet);text-align:left}
figcaption strong{color:var(--ink);font-weight:600}
.numbered>figcaption{max-width:43rem;margin:0 auto 1.1rem}
.numbered>figcaption::before{counter-increment:figure;content:"Figure " counter(figure) ". ";color:var(--ink);font-weight:600}
.numbered.table>figcaption{margin-bottom:.5rem}
.numbered.table>figcaption::before{counter-increment:table;content:"Table " counter(table) ". "}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.chart{display:block;width:100%;height:auto;font-family:var(--sans);font-size:11px;overflow:visible}
.chart text{white-space:pre}
.panels{display:grid;gap:1.3rem 1.4rem;align-items:start;justify-content:center}
figure figure{margin:0;min-width:0}
figure figure>figcaption{margin:0 0 .3rem;font-weight:600;color:var(--ink);font-size:.85rem}
.one{grid-template-columns:minmax(0,32rem)}
.aside{display:block;color:var(--quiet);font-weight:400}
.two{grid-template-columns:repeat(2,minmax(0,21rem))}
.three{grid-template-columns:repeat(3,minmax(0,23rem))}
.four{grid-template-columns:repeat(4,minmax(0,21rem))}
.panels>h3{grid-column:1/-1;margin:0 0 -.5rem;font:600 .9rem/1.4 var(--sans)}
.panels+.panels{margin-top:2.2rem}
.dot{display:inline-block;width:.62em;height:.62em;border-radius:50%;margin-right:.45em;background:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.3rem;justify-content:center;margin:0 auto 1rem;padding:0;list-style:none;
font:.82rem/1.5 var(--sans);color:var(--quiet)}
.legend li{display:flex;align-items:center;gap:.5em}
.legend svg{flex:none}

.scroll{position:relative;overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;font:.85rem/1.4 var(--sans);font-variant-numeric:tabular-nums;margin:0 auto}
.scroll>table{min-width:min(43rem,100%)}
th,td{padding:.34rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
thead th{color:var(--quiet);font-weight:500;vertical-align:bottom;border-bottom-color:var(--quiet)}
thead th[colspan]{text-align:center;color:var(--ink);font-weight:600;border-bottom-color:var(--rule)}
tbody th{font-weight:500}
th.text,td.text,th.prose{text-align:left}
td.prose{text-align:left;white-space:normal;min-width:14rem}
.grouped tbody tr:not(:last-child)>*{border-bottom:0}
.grouped tbody tr.first>*{border-top:1px solid var(--rule)}

.question{margin:2.4rem auto 1.6rem;padding-left:1.1rem;border-left:3px solid var(--rule)}
.question h3{margin:0 0 .6rem}
.question p:last-child,.note p:last-child{margin-bottom:0}
.note{margin:1.4rem auto;padding:.8rem 1rem;background:var(--tint);border-radius:4px;font:.9rem/1.5 var(--sans)}
details{margin:1.4rem auto}
section>details{max-width:43rem}
section>details[open]{max-width:none}
summary{cursor:pointer;font:.9rem/1.5 var(--sans);color:var(--link)}
.masks{display:flex;flex-wrap:wrap;gap:1.2rem 2.2rem;justify-content:center}
.samples{display:grid;gap:1.3rem;max-width:43rem;margin:0 auto}
.samples pre{margin:0;padding:.9rem 1rem;background:var(--tint);border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere;
font:.8rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.scrub>label{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;justify-content:center;max-width:43rem;margin:0 auto 1.2rem;
font:.875rem/1.5 var(--sans)}
.scrub>label[hidden]{display:none}
.scrub input{flex:1 1 12rem;accent-color:var(--link)}
.scrub output{min-width:9rem;color:var(--quiet);font-variant-numeric:tabular-nums}
footer{max-width:43rem;margin:5rem auto 0;padding-top:1.2rem;border-top:1px solid var(--rule);color:var(--quiet);font:.85rem/1.55 var(--sans)}

@media (max-width:62rem){.three,.four{grid-template-columns:repeat(2,minmax(0,23rem))}}
@media (max-width:38rem){body{font-size:1rem}main{padding:2.2rem 1.1rem 4rem}
.two,.three,.four{grid-template-columns:minmax(0,23rem)}.lead{font-size:1.1rem}h2{margin-top:3.6rem;font-size:1.45rem}
.legend{justify-content:flex-start}th,td{padding:.34rem .5rem}}
@media print{main{padding:0;max-width:none}h2,h3,figcaption{break-after:avoid}figure figure,tr,.question{break-inside:avoid}
a{color:inherit;text-decoration:none}}`;
