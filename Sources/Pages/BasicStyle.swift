/// What all pages look like: light and dark by the reader's system, light on paper.
enum BasicStyle {
    static let markup: Markup = """
        :root { color-scheme: light dark; --paper: #fff; --ink: #1c2127; --soft: #5b6570; --rule: #dde2e7;
          --card: #f5f7f9; --good: #12733b; --bad: #b3261e; --note: #fff6dc; --note-rule: #e0b83f; }
        @media (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e6eaee; --soft: #9ca7b2; --rule: #303841;
          --card: #1d2329; --good: #5fd28f; --bad: #ff8a80; --note: #302a16; --note-rule: #8d7426; } }
        @media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --rule: #ccc; --card: #f5f7f9;
          --good: #12733b; --bad: #b3261e; --note: #fff6dc; --note-rule: #e0b83f; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
          Roboto, "Noto Sans", sans-serif; }
        @media print { * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        """
}
