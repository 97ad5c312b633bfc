// Library writes the PDF, DOCX and EPUB file of testdata/library. Run it with
//
//	go generate ./edge/files/extract
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/edge/files/extract/sample"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: library FOLDER")
		os.Exit(2)
	}
	for name, data := range map[string][]byte{
		"bicycle-care.pdf":  sample.PDF("Bicycle Care", "The toller authors", bicycle...),
		"moving-house.docx": sample.DOCX("Moving House", "The toller authors", moving),
		"tea.epub":          sample.EPUB("A Short Book of Tea", "The toller authors", tea...),
	} {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), data, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

var bicycle = []string{
	`# Bicycle Care

A bicycle that is looked after lasts for decades. Most of the work needs
no more than a rag, a few hex keys and a quarter of an hour on Sunday.

# The chain

Wipe the chain with a dry rag after every ride in the rain. Once a month,
put a drop of oil on each roller, turn the pedals backwards for a minute
and wipe off what is left: oil on the outside only collects grit. A chain
that has stretched by three quarters of a percent wears out the sprock-
ets, so measure it twice a year.`,
	`# Tyres and brakes

Soft tyres puncture more easily and are slower. The pressure is printed on
the sidewall; check it every two weeks. To mend a puncture, take the inner
tube out, find the hole under water, roughen the rubber and let the glue
dry for five minutes before the patch goes on.

Replace brake pads when the grooves in them have vanished. Squealing mostly
means that a pad is glazed or not parallel to the rim.`,
}

const moving = `# Moving House

A checklist for the eight weeks before the removal van comes.

## Eight weeks before

- Give notice to the landlord in writing and keep a copy.
- Ask three removal firms for an estimate; the dearest is not the most careful.
- Sort the cellar and the attic first: what nobody has missed can go.

## Two weeks before

- Redirect the post and tell the bank, the insurer and the doctor.
- Eat up what is in the freezer and defrost it.

### Boxes

Books go in small boxes, bedding in large ones. Write the room and the contents on the side, not on the lid, where the next box hides it.

## On the day

Read the meters for electricity, gas and water, and photograph them. Carry passports, keys and medicines yourself.
`

var tea = []string{
	`<h1>Where tea comes from</h1><p>Black, green, white and oolong tea are leaves of one plant, <i>Camellia sinensis</i>. What sets them apart is how long the leaves were allowed to oxidise: not at all for green tea, fully for black.</p><p>Rooibos, peppermint and chamomile are no tea in this sense. They have no caffeine.</p>`,
	`<h1>Making it</h1><h2>Water</h2><p>Soft water gives a clear cup. Black tea wants water that boils; green tea turns bitter above eighty degrees.</p><h2>Time</h2><p>Three minutes wake you up, five calm you down: tannins, which come out late, bind the caffeine.</p>`,
	`<h1>Keeping it</h1><p>Air, light, damp and the smell of coffee spoil tea. A tin with a tight lid, away from the stove, keeps black tea for two years and green tea for one.</p>`,
}
