import SwiftUI
import Toller

/// A search field, what was found with its words highlighted, and a sheet for a new note.
struct NotesView: View {
    @ObservedObject var notes: NotesModel
    @State private var writing = false

    var body: some View {
        NavigationView {
            List {
                if let progress = notes.progress {
                    ProgressView(value: progress)
                }
                ForEach(notes.results) { result in
                    ResultRow(result: result)
                        .swipeActions {
                            Button("Delete", role: .destructive) {
                                Task { await notes.delete(result) }
                            }
                        }
                }
            }
            .navigationTitle("Notes")
            .searchable(text: $notes.query, prompt: "Ask your notes")
            .toolbar {
                Button("New note") { writing = true }
            }
        }
        .navigationViewStyle(.stack)
        .sheet(isPresented: $writing) {
            NewNote { title, text in
                Task { await notes.add(title: title, text: text) }
            }
        }
        .alert("Something went wrong", isPresented: Binding(get: { notes.message != nil }, set: { if !$0 { notes.message = nil } })) {
            Button("OK") {}
        } message: {
            Text(notes.message ?? "")
        }
    }
}

private struct ResultRow: View {
    let result: SearchResult

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(highlighted(result.title, result.titleHighlights)).font(.headline)
            if !result.heading.isEmpty {
                Text(result.heading).font(.caption).foregroundColor(.secondary)
            }
            Text(highlighted(result.snippet, result.highlights))
        }
    }
}

/// The more of the score comes from a word, the stronger it is marked.
private func highlighted(_ text: String, _ highlights: [Highlight]) -> AttributedString {
    var marked = AttributedString(text)
    let most = highlights.map(\.weight).max() ?? 0
    for highlight in highlights {
        guard let range = highlight.range(in: text), let place = Range(range, in: marked) else {
            continue
        }
        let strength = most > 0 ? 0.1 + 0.3 * Double(highlight.weight / most) : 0.2
        marked[place].backgroundColor = Color.accentColor.opacity(strength)
    }
    return marked
}

private struct NewNote: View {
    let save: (String, String) -> Void
    @Environment(\.dismiss) private var dismiss
    @State private var title = ""
    @State private var text = ""

    var body: some View {
        NavigationView {
            Form {
                TextField("Title", text: $title)
                TextEditor(text: $text).frame(minHeight: 200)
            }
            .navigationTitle("New note")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) {
                    Button("Cancel") { dismiss() }
                }
                ToolbarItem(placement: .confirmationAction) {
                    Button("Save") {
                        save(title, text)
                        dismiss()
                    }
                    .disabled(text.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty)
                }
            }
        }
    }
}
