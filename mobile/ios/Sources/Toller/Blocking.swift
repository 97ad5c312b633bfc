import Foundation
import TollerCore

/// Lets an object of the bindings cross threads, which all of them may.
struct Shared<T>: @unchecked Sendable {
    let native: T
}

/// Runs a blocking call of the bindings on a thread of its own. When the task is cancelled the call ends
/// within 100 ms; only then this returns, so that nothing runs behind anybody's back.
func blocking<T: Sendable>(_ call: @escaping @Sendable (TollerMobileCancel) throws -> T) async throws -> T {
    let cancel = Shared(native: TollerMobileNewCancel()!)
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, Error>) in
            DispatchQueue.global(qos: .userInitiated).async {
                do {
                    continuation.resume(returning: try call(cancel.native))
                } catch {
                    continuation.resume(throwing: translated(error))
                }
            }
        }
    } onCancel: {
        cancel.native.cancel()
    }
}

/// How far a long call is, and in the end what it gives.
public enum Step<Value: Sendable>: Sendable {
    /// `done` of `total` units. A slow reader misses some of these.
    case working(done: Int, total: Int)
    /// The last step.
    case finished(Value)
}

/// The steps of a call, which begins at once and ends when nobody reads them any more.
public typealias Steps<Value: Sendable> = AsyncThrowingStream<Step<Value>, Error>

func steps<T: Sendable>(
    _ call: @escaping @Sendable (TollerMobileProgressProtocol, TollerMobileCancel) throws -> T
) -> Steps<T> {
    AsyncThrowingStream(bufferingPolicy: .bufferingNewest(64)) { continuation in
        let reporter = Shared(native: Reporter { done, total in
            continuation.yield(.working(done: done, total: total))
        })
        let task = Task {
            do {
                let value = try await blocking { cancel in try call(reporter.native, cancel) }
                continuation.yield(.finished(value))
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
    }
}

/// Hears how far a call is, on threads of Go's.
final class Reporter: NSObject, TollerMobileProgressProtocol {
    private let hear: @Sendable (Int, Int) -> Void

    init(_ hear: @escaping @Sendable (Int, Int) -> Void) {
        self.hear = hear
    }

    func report(_ done: Int, total: Int) throws {
        hear(done, total)
    }
}
