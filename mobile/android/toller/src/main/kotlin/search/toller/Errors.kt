package search.toller

import search.toller.mobile.Mobile

/** What an error is about. */
enum class ErrorKind(private val native: String) {
    /** None of the following: a bad argument or file, which the message names. */
    OTHER(Mobile.KindOther),

    /** The model or index is closed, possibly during the call. */
    CLOSED(Mobile.KindClosed),

    /** The index has vectors of another model. */
    MODEL(Mobile.KindModel),

    /** The file is no index, or one of a later version. */
    SCHEMA(Mobile.KindSchema),

    /** Another process is writing. */
    LOCKED(Mobile.KindLocked),

    /** The file is damaged. */
    CORRUPT(Mobile.KindCorrupt),

    /** No room is left on the device. */
    FULL(Mobile.KindFull),

    /** The index was opened for reading alone. */
    READ_ONLY(Mobile.KindReadOnly),

    /** No such file, or no such entry. */
    NOT_FOUND(Mobile.KindNotFound),

    /** A mistake in toller: please report the message. */
    INTERNAL(Mobile.KindInternal),
    ;

    internal companion object {
        fun of(native: String): ErrorKind = entries.firstOrNull { it.native == native } ?: OTHER
    }
}

/** The error of every call in this package. Cancelled coroutines throw CancellationException. */
class TollerException internal constructor(val kind: ErrorKind, message: String, cause: Throwable) :
    Exception(message, cause)
