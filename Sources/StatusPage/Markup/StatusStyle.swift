import Pages

/// The status page's looks beyond those that all pages share.
///
/// Colours of states are Okabe and Ito's (2008) or darker ones of their kind, which colour-blind readers can tell apart; each
/// comes with a sign of its own outline and with a word.
enum StatusStyle {
    /// A dot for the browser's tab.
    static func icon(_ colour: String) -> String {
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' "
            + "fill='%23\(colour)'/%3E%3C/svg%3E"
    }

    static let markup: Markup = """
        :root { --link: #0063a0; --c-running: #0072b2; --c-done: #00805d; --c-waiting: #66717c; --c-held: #8a6100;
          --c-failed: #b3261e; --c-refused: #a8470a; --tint: #e9f3fa; --edge: #9aa4ae; }
        @media (prefers-color-scheme: dark) { :root { --link: #7cc4f2; --c-running: #56b4e9; --c-done: #2fc79a;
          --c-waiting: #98a4b0; --c-held: #e0b83f; --c-failed: #ff8a80; --c-refused: #f0a05a; --tint: #1a2a36;
          --edge: #5d6872; } }
        @media print { :root { --link: #000; --c-running: #0072b2; --c-done: #00805d; --c-waiting: #66717c;
          --c-held: #8a6100; --c-failed: #b3261e; --c-refused: #a8470a; --tint: #e9f3fa; --edge: #9aa4ae; } }
        .running { --c: var(--c-running); } .done { --c: var(--c-done); } .waiting { --c: var(--c-waiting); }
        .held { --c: var(--c-held); } .failed { --c: var(--c-failed); } .refused { --c: var(--c-refused); }
        html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body { font-size: 15px; overflow-wrap: break-word; }
        main { max-width: 74rem; margin: 0 auto; padding: 1.1rem 1.25rem 4rem; }
        [hidden] { display: none; } .defs { position: absolute; }
        a { color: var(--link); text-underline-offset: .15em; } a:hover { text-decoration-thickness: 2px; }
        :focus-visible { outline: 2px solid var(--c-running); outline-offset: 2px; border-radius: 3px; }
        code, .id, .headline, pre { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
        code { font-size: .9em; } .soft, .more, .lead { color: var(--soft); }
        .more, .lead, .inbox { margin: .7rem 0; font-size: .93rem; }
        .i { width: 1em; height: 1em; flex: none; }
        .f { fill: var(--c); } .w { fill: none; stroke: var(--paper); stroke-width: 2; stroke-linecap: round;
          stroke-linejoin: round; } .p { fill: var(--paper); }
        .o { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
        .sign { display: inline-flex; align-items: baseline; gap: .4em; color: var(--c); font-weight: 600; max-width: 100%;
          overflow-wrap: anywhere; }
        .sign .i { position: relative; top: .13em; }

        .top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1.5rem; font-size: .87rem;
          color: var(--soft); }
        .place { margin: 0; min-width: 0; overflow-wrap: anywhere; } .place b { color: var(--ink); margin-right: .4em; }
        .auto { cursor: pointer; white-space: nowrap; } .auto input { margin: 0 .2em 0 0; vertical-align: -.1em; }
        h1 { font-size: clamp(1.5rem, 4.5vw, 2.05rem); line-height: 1.2; margin: .9rem 0 .45rem; letter-spacing: -.01em;
          text-wrap: balance; }
        .runner, .inbox, .about, .message, .again, .metrics, .caption, .headline, .stack td { overflow-wrap: anywhere; }
        .stack td.name { min-width: 16rem; } .job .stack td.name { min-width: 9rem; }
        .stack td.list { min-width: 8rem; } .stack td.fix, .stack td.n { white-space: nowrap; overflow-wrap: normal; }
        .runner { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: 0; color: var(--soft); }
        .alarm { background: var(--note); border-left: 4px solid var(--note-rule); margin: .6rem 0; padding: .6rem .9rem;
          font-weight: 600; border-radius: 0 .35rem .35rem 0; }
        .old .runner .sign { text-decoration: line-through; --c: var(--c-waiting); } .old progress { opacity: .5; }
        .tiles { list-style: none; display: grid; grid-template-columns: repeat(6, 1fr); gap: .6rem; margin: 1.1rem 0 0;
          padding: 0; }
        .tiles li { min-width: 0; } .tiles a, .tiles .none { display: flex; flex-wrap: wrap; align-items: center;
          gap: 0 .5rem; border: 1px solid var(--rule); border-radius: .5rem; padding: .5rem .8rem; }
        .tiles a { color: inherit; text-decoration: none; background: var(--card); }
        .tiles a:hover { border-color: var(--edge); } .tiles .none { color: var(--soft); } .tiles .none .i { opacity: .55; }
        .tiles b { font-size: 1.35rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
        .tiles span { color: var(--soft); font-size: .93rem; }

        section { margin-top: 2.4rem; }
        h2 { font-size: 1.15rem; margin: 0 0 .7rem; padding-bottom: .35rem; border-bottom: 1px solid var(--rule); }
        h3, h4 { font-size: 1.05rem; margin: 0; } .id { color: var(--soft); font-size: .76rem; margin: 0;
          overflow-wrap: anywhere; }
        .job { border: 1px solid var(--rule); border-radius: .6rem; padding: .9rem 1.1rem 1rem; margin: 0 0 1rem; }
        .title { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .9rem; }
        .title h3 { font-size: 1.2rem; overflow-wrap: anywhere; } .about { margin: .15rem 0; }
        .facts { display: inline-flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: 0; color: var(--soft); font-size: .93rem; }
        .title .facts { margin-left: auto; } .badge { border: 1px solid var(--edge); border-radius: 1rem; padding: 0 .6em;
          font-size: .85rem; white-space: nowrap; }
        .graph { overflow-x: auto; margin: .9rem 0 .2rem; padding: 2px; } .graph svg { display: block; } .down { display: none; }
        .edge { fill: none; stroke: var(--edge); stroke-width: 1.6; } .edge.open { stroke-dasharray: 4 3; }
        .tip { fill: var(--edge); } .box { fill: var(--paper); stroke: var(--c); stroke-width: 1.5; }
        .node.waiting .box { stroke: var(--edge); stroke-dasharray: 4 3; } .node.running .box { fill: var(--tint);
          stroke-width: 2.2; } .what { font-size: 13.5px; font-weight: 600; fill: var(--ink); }
        .how { font-size: 11.5px; fill: var(--soft); } .bar { fill: var(--c); } .rest { fill: var(--rule); }
        .graph a { text-decoration: none; } .graph a:hover .what { text-decoration: underline; }
        .graph a:focus-visible { outline: none; } .graph a:focus-visible .box { stroke-width: 4; }

        .activity { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; margin: .9rem 0 0; }
        .line { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .8rem; }
        .line .facts { margin-left: auto; } .big { font-weight: 650; color: var(--c-running);
          font-variant-numeric: tabular-nums; }
        progress { appearance: none; -webkit-appearance: none; display: block; width: 100%; height: .6rem; border: 0;
          border-radius: .3rem; margin: .45rem 0 .5rem; background: var(--rule); overflow: hidden; color: var(--c-running); }
        progress::-webkit-progress-bar { background: var(--rule); }
        progress::-webkit-progress-value { background: var(--c-running); border-radius: .3rem; }
        progress::-moz-progress-bar { background: var(--c-running); border-radius: .3rem; }
        .message { margin: 0; } .again { margin: .3rem 0 0; color: var(--c-failed); font-size: .93rem; }
        .metrics { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .35rem 0 0; font-size: .93rem; }
        .metrics div { min-width: 0; display: flex; gap: .4em; } .metrics dt { color: var(--soft); } .metrics dd { margin: 0;
          font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .93rem; }
        th, td { text-align: left; vertical-align: baseline; font-weight: 400; padding: .42rem .9rem .42rem 0;
          border-bottom: 1px solid var(--rule); } tr > :last-child { padding-right: 0; }
        thead th { color: var(--soft); font-size: .82rem; } td.n div { font-variant-numeric: tabular-nums; }
        .found { width: auto; min-width: 60%; } .found td, .found th { white-space: nowrap; padding: .22rem 1.4rem .22rem 0;
          font-variant-numeric: tabular-nums; } .found tr:last-child td { border-bottom: 0; }
        .caption { color: var(--soft); font-size: .87rem; margin: .7rem 0 .1rem; }
        td b { font-weight: 600; overflow-wrap: anywhere; } td .id { display: block; }
        .headline { white-space: pre-wrap; font-size: .8rem; line-height: 1.45; }
        .links { display: inline-flex; flex-wrap: wrap; gap: .1rem .9rem; } td time, td .links a { white-space: nowrap; }
        details { margin-top: .8rem; } summary { cursor: pointer; color: var(--link); font-size: .93rem; width: fit-content; }
        .trouble { border-left: 4px solid var(--rule); padding: .1rem 0 .1rem .9rem; margin: 0 0 1.1rem; }
        .trouble h3 { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .8rem; }
        .trouble .name { overflow-wrap: anywhere; min-width: 0; } .trouble .links { font-weight: 400; font-size: .93rem; }
        .reason { margin: .25rem 0; overflow-wrap: anywhere; } .trouble details { margin-top: .3rem; }
        .notes { list-style: none; margin: 0; padding: 0; font-size: .93rem; } .notes time { color: var(--soft); }
        .notes li { display: grid; grid-template-columns: 10.5rem minmax(0, 1fr); gap: .1rem 1rem; padding: .42rem 0;
          border-bottom: 1px solid var(--rule); } .notes span { overflow-wrap: anywhere; }
        pre { background: var(--card); padding: .7rem .9rem; border-radius: .45rem; font-size: .8rem; line-height: 1.5;
          margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }

        @media print, (max-width: 62rem) { .tiles span { flex-basis: 100%; line-height: 1.2; } }
        @media (max-width: 46rem) {
          main { padding: .8rem 1rem 3rem; } .across { display: none; } .down { display: block; }
          .title .facts, .line .facts { margin-left: 0; width: 100%; } .job { padding: .8rem .9rem .9rem; }
          .tiles { grid-template-columns: repeat(3, 1fr); gap: .5rem; } .tiles a, .tiles .none { padding: .3rem .7rem .4rem; }
          .stack, .stack tbody { display: block; } .stack thead { position: absolute; width: 1px; height: 1px;
            overflow: hidden; clip-path: inset(50%); }
          .stack tr { display: grid; gap: .12rem; border-bottom: 1px solid var(--rule); padding: .7rem 0; }
          .stack td { display: grid; grid-template-columns: 5.6rem minmax(0, 1fr); gap: .5rem; padding: 0; border: 0; }
          .stack td.list { min-width: 0; } .notes li { grid-template-columns: minmax(0, 1fr); }
          .stack td.name, .job .stack td.name { min-width: 0; order: -1; grid-template-columns: minmax(0, 1fr); }
          .stack td.fix, .stack td.n { white-space: normal; } .found td, .found th { padding-right: .7rem; }
          .stack td::before { content: attr(data-head); color: var(--soft); font-size: .87rem; }
          .stack td.name::before { content: none; } .stack td.empty, .stack td.extra { display: none; }
        }
        @media print {
          body { font-size: 10.5pt; } main { max-width: none; padding: 0; } .auto, #stale { display: none; }
          .across { display: none; } .down { display: block; } .graph, .wide { overflow: visible; }
          .job, .trouble, tr, .activity, .notes li { break-inside: avoid; } h2, h3 { break-after: avoid; }
          pre { border: 1px solid var(--rule); } details::details-content { content-visibility: visible; height: auto; }
        }
        """
}
