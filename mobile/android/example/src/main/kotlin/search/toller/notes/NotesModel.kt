package search.toller.notes

import android.app.Application
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.viewModelScope
import java.io.File
import java.util.UUID
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.FlowPreview
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.debounce
import kotlinx.coroutines.flow.mapLatest
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.launch
import search.toller.Entry
import search.toller.Index
import search.toller.Model
import search.toller.SearchOptions
import search.toller.SearchResult
import search.toller.Step
import search.toller.TollerException

/** The notes, and what was found among them. */
@OptIn(FlowPreview::class, ExperimentalCoroutinesApi::class)
class NotesModel(application: Application) : AndroidViewModel(application) {
    private val opened: Deferred<Pair<Model, Index>> = viewModelScope.async(start = CoroutineStart.LAZY) {
        val model = Model.builtin()
        try {
            model to Index.open(File(application.filesDir, "notes.db").path, model)
        } catch (e: Exception) {
            model.close()
            throw e
        }
    }

    private val _query = MutableStateFlow("")
    val query: StateFlow<String> = _query.asStateFlow()

    private val _message = MutableStateFlow<String?>(null)
    val message: StateFlow<String?> = _message.asStateFlow()

    /** From 0 to 1 while notes are stored, null otherwise. */
    private val _progress = MutableStateFlow<Float?>(null)
    val progress: StateFlow<Float?> = _progress.asStateFlow()

    /** Grows with every change, so that what is found follows. */
    private val changes = MutableStateFlow(0)

    /** A search that is under way ends when the next letter is typed. */
    val results: StateFlow<List<SearchResult>> = combine(_query.debounce(150), changes) { text, _ -> text.trim() }
        .mapLatest { text ->
            if (text.isEmpty()) {
                emptyList()
            } else {
                try {
                    opened.await().second.search(text, SearchOptions(topK = 20, perDocument = true))
                } catch (e: TollerException) {
                    _message.value = e.message
                    emptyList()
                }
            }
        }
        .catch { _message.value = it.message }
        .stateIn(viewModelScope, SharingStarted.WhileSubscribed(5_000), emptyList())

    fun search(text: String) {
        _query.value = text
    }

    fun add(title: String, text: String) = change { index ->
        val note = Entry(UUID.randomUUID().toString(), text, title, timeMillis = System.currentTimeMillis())
        index.putSteps(listOf(note)).collect { step ->
            if (step is Step.Working) {
                _progress.value = step.done.toFloat() / step.total
            }
        }
    }

    fun delete(key: String) = change { it.delete(listOf(key)) }

    fun shown() {
        _message.value = null
    }

    private fun change(what: suspend (Index) -> Unit) {
        viewModelScope.launch {
            try {
                what(opened.await().second)
                changes.value++
            } catch (e: TollerException) {
                _message.value = e.message
            } finally {
                _progress.value = null
            }
        }
    }

    override fun onCleared() {
        if (opened.isCompleted && !opened.isCancelled) {
            val (model, index) = opened.getCompleted()
            // Closing waits for up to 100 ms, and this is the main thread.
            Dispatchers.IO.dispatch(kotlin.coroutines.EmptyCoroutineContext) {
                index.close()
                model.close()
            }
        }
    }
}
