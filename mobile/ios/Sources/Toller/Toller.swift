import Foundation
import TollerCore

/// How much is kept in memory, for the whole process.
public enum Memory: String, Sendable {
    /// For apps.
    case app
    /// For app extensions, which the system ends at some 50 MB, and for widgets.
    case `extension`
}

/// What concerns the process as a whole.
public enum Toller {
    /// The version of toller that is inside.
    public static var version: String { TollerMobileVersion() }

    /// Whether the app was built with the embedded model.
    public static var hasBuiltinModel: Bool { TollerMobileHasBuiltin() }

    /// Call it once, before anything else, where `Memory.app` isn't what is wanted. It returns at once.
    public static func use(_ memory: Memory) throws {
        try checked { TollerMobileSetMemory(memory.rawValue, $0) }
    }

    /// Gives back memory that can be read again: call it on `didReceiveMemoryWarning` and when the app
    /// goes to the background. Five seconds after the last call it happens by itself.
    public static func trim() async throws {
        try await blocking { _ in try checked { TollerMobileTrim($0) } }
    }
}
