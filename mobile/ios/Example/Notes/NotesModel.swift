import Foundation
import Toller
import UIKit

/// The notes, and what was found among them.
@MainActor
final class NotesModel: ObservableObject {
    @Published var query = "" {
        didSet { search() }
    }
    @Published private(set) var results: [SearchResult] = []
    /// From 0 to 1 while notes are stored, nil otherwise.
    @Published private(set) var progress: Double?
    @Published var message: String?

    private var model: Model?
    private var index: Index?
    private var searching: Task<Void, Never>?

    func open() async {
        guard index == nil else {
            return
        }
        do {
            let folder = try FileManager.default.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            let model = try await Model.builtin()
            self.model = model
            index = try await Index.open(path: folder.appendingPathComponent("notes.db").path, model: model)
        } catch {
            show(error)
        }
    }

    /// A search that is under way ends when the next letter is typed.
    private func search() {
        searching?.cancel()
        let text = query.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, let index else {
            results = []
            return
        }
        searching = Task {
            do {
                try await Task.sleep(nanoseconds: 150_000_000)
                let found = try await index.search(text, SearchOptions(topK: 20, perDocument: true))
                try Task.checkCancellation()
                results = found
            } catch {
                show(error)
            }
        }
    }

    func add(title: String, text: String) async {
        guard let index else {
            return
        }
        // Storing goes on for some seconds when the app leaves the screen.
        let background = UIApplication.shared.beginBackgroundTask()
        defer {
            progress = nil
            UIApplication.shared.endBackgroundTask(background)
        }
        do {
            let note = Entry(key: UUID().uuidString, text: text, title: title, time: Date())
            for try await step in index.putSteps([note]) {
                if case let .working(done, total) = step {
                    progress = Double(done) / Double(max(total, 1))
                }
            }
            search()
        } catch {
            show(error)
        }
    }

    func delete(_ result: SearchResult) async {
        do {
            try await index?.delete([result.key])
            search()
        } catch {
            show(error)
        }
    }

    /// Gives memory back.
    func rest() {
        Task { try? await Toller.trim() }
    }

    private func show(_ error: Error) {
        if !(error is CancellationError) {
            message = error.localizedDescription
        }
    }
}
