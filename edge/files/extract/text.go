package extract

// readText reads plain text and source code as they are.
func readText(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	in.emit(Document{Text: text})
	return nil
}
