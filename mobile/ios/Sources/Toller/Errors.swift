import Foundation
import TollerCore

/// The error of every call in this package. Cancelled tasks throw `CancellationError`.
public struct TollerError: Error, LocalizedError, Sendable {
    /// What an error is about.
    public enum Kind: String, Sendable {
        /// None of the following: a bad argument or file, which the message names.
        case other
        /// The model or index is closed, possibly during the call.
        case closed
        /// The index has vectors of another model.
        case model
        /// The file is no index, or one of a later version.
        case schema
        /// Another process, such as an extension, is writing.
        case locked
        /// The file is damaged.
        case corrupt
        /// No room is left on the device.
        case full
        /// The index was opened for reading alone.
        case readOnly = "readonly"
        /// No such file, or no such entry.
        case notFound = "notfound"
        /// A mistake in toller: please report the message.
        case `internal`
    }

    public let kind: Kind
    public let message: String

    public var errorDescription: String? { message }
}

/// Turns an error of the bindings into one of this package.
func translated(_ error: Error) -> Error {
    if error is TollerError || error is CancellationError {
        return error
    }
    let kind = TollerMobileKind(error as NSError)
    if kind == TollerMobileKindCancelled {
        return CancellationError()
    }
    return TollerError(kind: TollerError.Kind(rawValue: kind) ?? .other, message: error.localizedDescription)
}

/// Calls a function of the bindings that gives an object: Swift doesn't make functions throw, as it does methods.
func made<T>(_ call: (NSErrorPointer) -> T?) throws -> T {
    var error: NSError?
    guard let value = call(&error) else {
        throw translated(error ?? NSError(domain: "toller", code: 1))
    }
    return value
}

/// Calls a function of the bindings that says whether it went well.
func checked(_ call: (NSErrorPointer) -> Bool) throws {
    var error: NSError?
    guard call(&error) else {
        throw translated(error ?? NSError(domain: "toller", code: 1))
    }
}
