package search.toller

import android.content.Context
import search.toller.mobile.Mobile

/** How much is kept in memory, for the whole process. */
enum class Memory(internal val native: String) {
    /** For apps. */
    APP(Mobile.MemoryApp),

    /** For widgets, input methods and old devices: less is kept, and one thread encodes. */
    EXTENSION(Mobile.MemoryExtension),
}

/** What concerns the process as a whole. */
object Toller {
    /** The version of toller that is inside. */
    val version: String get() = Mobile.version()

    /** Whether the app was built with the embedded model. */
    val hasBuiltinModel: Boolean get() = Mobile.hasBuiltin()

    /** Call it once, before anything else, as in Application.onCreate. It returns at once. */
    fun initialize(context: Context, memory: Memory = Memory.APP) {
        Mobile.setTempFolder(context.applicationContext.cacheDir.path)
        Mobile.setMemory(memory.native)
    }

    /**
     * Gives back memory that can be read again: call it from onTrimMemory. Five seconds after
     * the last call it happens by itself.
     */
    suspend fun trim() = blocking { Mobile.trim() }
}
