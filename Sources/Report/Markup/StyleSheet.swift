import Pages

/// A report's looks beyond those that all pages share (`BasicStyle`): one column on a phone.
///
/// Colours of data are Okabe and Ito's (2008), which colour-blind readers can tell apart; a shape, a sign or text always
/// says the same as colour does.
enum StyleSheet {
    static let markup: Markup = """
        :root { --base: #6b7682; --student: #0072b2; --teacher: #c4560a; --front: #009e73; --other: #9aa4ae;
          --accepted: #009e73; --rejected: #a9b2bb; --predicted: #b07aa1; --measured: #0072b2;
          --target: #b3261e; }
        @media (prefers-color-scheme: dark) { :root { --base: #98a4b0; --student: #56b4e9; --teacher: #f0883e;
          --front: #2fc79a; --other: #66717c; --accepted: #2fc79a; --rejected: #5d6872; --predicted: #cf9cc2;
          --measured: #56b4e9; --target: #ff8a80; } }
        @media print { :root { --base: #6b7682; --student: #0072b2; --teacher: #c4560a; --front: #009e73;
          --other: #9aa4ae; --accepted: #009e73; --rejected: #a9b2bb; --predicted: #b07aa1; --measured: #0072b2;
          --target: #b3261e; } }
        main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
        h1 { font-size: clamp(1.5rem, 4.5vw, 2.2rem); line-height: 1.2; margin: 0 0 1.2rem; text-wrap: balance; }
        h2 { font-size: 1.3rem; margin: 3rem 0 .4rem; padding-top: .9rem; border-top: 1px solid var(--rule); }
        h3 { font-size: 1rem; margin: 0; }
        .job { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
        .lead { color: var(--soft); max-width: 46rem; margin: .2rem 0 1rem; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; }
        .card { background: var(--card); border-radius: .5rem; padding: .8rem 1rem; }
        .card h3 { font-weight: 500; color: var(--soft); font-size: .9rem; }
        .card p { margin: 0; }
        .value { font-size: 1.7rem; font-weight: 650; line-height: 1.3; white-space: nowrap; }
        .from { color: var(--soft); font-size: .9rem; } .change { font-weight: 600; white-space: nowrap; }
        .good { color: var(--good); } .bad { color: var(--bad); } .same { color: var(--soft); }
        .notes { background: var(--note); border-left: 4px solid var(--note-rule); margin: 1.2rem 0 0;
          padding: .7rem 1rem .7rem 2rem; }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: .6rem 1.2rem;
          margin: 1.2rem 0; font-size: .9rem; }
        .facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
        figure { margin: 1rem 0; } figcaption { font-size: .9rem; color: var(--soft); margin: .2rem 0; }
        .grid2, .grid3 { display: grid; gap: 1rem; }
        .grid2 { grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
        .grid3 { grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); }
        .grid2 figure, .grid3 figure { margin: 0; } .tight { gap: .5rem; }
        .picture { margin: 1.4rem 0; } .picture h3 { font-size: .9rem; font-weight: 500; overflow-wrap: anywhere;
          margin-bottom: .3rem; }
        svg.chart { width: 100%; max-width: 46rem; height: auto; display: block; font-family: inherit; }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .tick { fill: var(--soft); font-size: 13px; } .axis { fill: var(--soft); font-size: 14px; }
        .name { font-size: 15px; font-weight: 650; paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
          stroke-linejoin: round; }
        .mid { text-anchor: middle; } .end { text-anchor: end; } .start { text-anchor: start; }
        .base { --c: var(--base); } .student { --c: var(--student); } .teacher { --c: var(--teacher); }
        .front { --c: var(--front); } .other { --c: var(--other); } .accepted { --c: var(--accepted); }
        .rejected { --c: var(--rejected); } .predicted { --c: var(--predicted); }
        .measured { --c: var(--measured); } .target { --c: var(--target); }
        .truth { --c: #f5f5f5; } .hit { --c: #58e07a; } .wrong { --c: #ff6d5e; } .missed { --c: #ffd23e; }
        .dot { fill: var(--c); } .halo { stroke: var(--paper); stroke-width: 1.5; } .bar { fill: var(--c); }
        text.name { fill: var(--c); }
        .ring { fill: none; stroke: var(--c); stroke-width: 2; }
        .line { fill: none; stroke: var(--c); stroke-width: 2.5; stroke-linejoin: round; }
        .line.dashed, .line.target { stroke-dasharray: 6 4; stroke-width: 2; } .line.front { stroke-width: 2; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .3rem 0 .6rem; padding: 0;
          font-size: .9rem; color: var(--soft); }
        .swatch { width: 22px; height: 12px; margin-right: .4rem; vertical-align: -1px; }
        .legend .truth .bar { stroke: var(--soft); stroke-width: 1; }
        svg.photo { width: 100%; height: auto; display: block; border-radius: .25rem; }
        .box { fill: none; stroke: var(--c); } .box.missed { stroke-dasharray: 5 3; }
        .tag { fill: var(--c); font-weight: 600; paint-order: stroke; stroke: rgba(0, 0, 0, .75);
          stroke-linejoin: round; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .95rem; }
        th, td { text-align: left; font-weight: 400; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--rule);
          vertical-align: baseline; }
        thead th { color: var(--soft); font-size: .85rem; } td.n, th.n { text-align: right; white-space: nowrap;
          font-variant-numeric: tabular-nums; }
        .hint { color: var(--soft); font-size: .85rem; } .track { width: 30%; min-width: 7rem; padding-right: 0; }
        .track svg { width: 100%; height: auto; display: block; position: relative; top: 3px; }
        .lineage { padding-left: 1.4rem; } .lineage li { margin: .5rem 0; } .lineage p { margin: 0; }
        .when, .step { color: var(--soft); font-size: .9rem; } .when { margin-left: .5rem; white-space: nowrap; }
        details { margin: 1rem 0; } summary { cursor: pointer; color: var(--student); }
        pre { background: var(--card); padding: 1rem; border-radius: .5rem; overflow-x: auto; font-size: .85rem;
          white-space: pre-wrap; overflow-wrap: anywhere; }
        @media (max-width: 34rem) { .tick { font-size: 20px; } .axis { font-size: 21px; } .name { font-size: 23px; }
          .grid2 .tick, .grid3 .tick { font-size: 15px; } .grid2 .axis, .grid3 .axis { font-size: 15px; }
          th, td { padding-right: .5rem; } .hint { display: block; } }
        @media print {
          html { font-size: 12px; } body { font-size: 1rem; } main { max-width: none; padding: 0; }
          .grid3 { grid-template-columns: repeat(3, 1fr); } svg.chart { max-width: 34rem; }
          figure, tr, li, .card, .picture { break-inside: avoid; } h2, .lead, .legend { break-after: avoid; }
          h2 { margin-top: 1.5rem; }
          details::details-content { content-visibility: visible; height: auto; } }
        """
}
