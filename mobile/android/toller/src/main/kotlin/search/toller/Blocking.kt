package search.toller

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import search.toller.mobile.Cancel
import search.toller.mobile.Mobile
import search.toller.mobile.Progress

/**
 * Runs a blocking call of the bindings on a thread of its own. When the coroutine is cancelled
 * the call ends within 100 ms; only then this returns, so that nothing runs behind anybody's back.
 */
internal suspend fun <T> blocking(call: (Cancel) -> T): T = coroutineScope {
    val cancel = Cancel()
    // Unconfined: it has to see the cancellation even while the caller's thread is busy.
    val watch = launch(Dispatchers.Unconfined) {
        try {
            awaitCancellation()
        } finally {
            cancel.cancel()
        }
    }
    try {
        withContext(Dispatchers.IO) { translated { call(cancel) } }
    } finally {
        watch.cancel()
    }
}

/** Turns errors of the bindings into [TollerException], and lets those of callbacks through. */
internal inline fun <T> translated(call: () -> T): T =
    try {
        call()
    } catch (e: Exception) {
        throw when {
            e !is go.error -> e
            Mobile.kind(e) == Mobile.KindCancelled -> CancellationException(e.message)
            else -> TollerException(ErrorKind.of(Mobile.kind(e)), e.message.orEmpty(), e)
        }
    }

/** How far a long call is, and in the end what it gives. */
sealed interface Step<out T> {
    /** [done] of [total] units. A slow collector misses some of these. */
    data class Working(val done: Long, val total: Long) : Step<Nothing>

    /** The last step. */
    data class Finished<T>(val value: T) : Step<T>
}

/** A call as a flow of steps: it begins when the flow is collected, and ends when that ends. */
internal fun <T> steps(call: (Progress, Cancel) -> T): Flow<Step<T>> = channelFlow<Step<T>> {
    val value = blocking { cancel ->
        call({ done, total -> channel.trySend(Step.Working(done, total)) }, cancel)
    }
    send(Step.Finished(value))
}.buffer(64, BufferOverflow.DROP_OLDEST)
