import SwiftUI

@main
struct NotesApp: App {
    @StateObject private var notes = NotesModel()
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            NotesView(notes: notes)
                .task { await notes.open() }
        }
        .onChange(of: phase) { phase in
            if phase == .background {
                notes.rest()
            }
        }
    }
}
