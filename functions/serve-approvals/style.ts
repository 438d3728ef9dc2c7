/** All of the page's looks. One text because the content security policy allows exactly this style sheet, by its hash. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f3ef; --card: #ffffff; --ink: #1d1c1a; --soft: #66625a; --line: #dedbd2;
  --good: #17693b; --good-soft: #e3f2e8; --bad: #a3261f; --bad-soft: #fbe9e7; --accent: #1f5fa8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #171614; --card: #211f1c; --ink: #f0eee9; --soft: #a8a298; --line: #3a3731;
    --good: #6fcf97; --good-soft: #1c3325; --bad: #ff9a91; --bad-soft: #3d1f1c; --accent: #8bbcf3;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
.brand { font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); margin: 0 0 .75rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0 0 .75rem; }
p { margin: 0 0 .5rem; }
.lead { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 1.5rem; padding: 0; list-style: none; }
.facts li { border: 1px solid var(--line); border-radius: 999px; padding: .15rem .75rem; font-size: .875rem; background: var(--card); }
section, form { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; margin: 0 0 1rem; }
.move { margin: 0 0 .75rem; padding: 0; }
.move dt { font-weight: 600; overflow-wrap: anywhere; }
.move dd { margin: 0; overflow-wrap: anywhere; }
.move dd + dd { color: var(--soft); font-size: .875rem; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.arrow { color: var(--soft); padding: 0 .25rem; }
ul.rows { list-style: none; margin: 0 0 .75rem; padding: 0; }
ul.rows > li { display: flex; gap: .75rem; align-items: baseline; padding: .4rem 0; border-top: 1px solid var(--line); }
ul.rows > li:first-child { border-top: 0; }
ul.rows .what { flex: 1 1 auto; min-width: 0; overflow-wrap: anywhere; }
.mark { flex: 0 0 auto; border-radius: 6px; padding: .05rem .5rem; font-size: .8rem; font-weight: 600; background: var(--good-soft); color: var(--good); }
.mark.bad { background: var(--bad-soft); color: var(--bad); }
.mark.plain { background: transparent; border: 1px solid var(--line); color: var(--soft); }
.soft { color: var(--soft); font-size: .875rem; }
.numbers { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem; margin: 0 0 .75rem; }
.numbers div { border: 1px solid var(--line); border-radius: 8px; padding: .5rem; text-align: center; }
.numbers strong { display: block; font-size: 1.25rem; line-height: 1.2; }
details { margin: .5rem 0 0; }
summary { cursor: pointer; color: var(--accent); }
details pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; background: var(--ground); border-radius: 8px; padding: .75rem; margin: .5rem 0 0; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; }
textarea {
  width: 100%; min-height: 5.5rem; padding: .6rem .75rem; font: inherit; color: inherit;
  background: var(--ground); border: 1px solid var(--line); border-radius: 8px; resize: vertical;
}
.buttons { display: flex; gap: .75rem; margin: 1rem 0 0; }
button { flex: 1 1 0; min-height: 3rem; font: inherit; font-weight: 600; border-radius: 8px; border: 2px solid transparent; cursor: pointer; }
button.approve { background: #17693b; color: #fff; }
button.reject { background: transparent; color: var(--bad); border-color: var(--bad); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
section > :last-child, form > :last-child { margin-bottom: 0; }
.whole { white-space: nowrap; }
.place { display: block; }
.facts a { color: inherit; }
.buttons + p { margin-top: .75rem; }
.problem { background: var(--bad-soft); color: var(--bad); border-radius: 8px; padding: .75rem 1rem; margin: 0 0 1rem; font-weight: 600; }
`;
