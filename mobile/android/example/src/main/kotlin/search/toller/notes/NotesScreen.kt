package search.toller.notes

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.Card
import androidx.compose.material3.ExtendedFloatingActionButton
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Scaffold
import androidx.compose.material3.SnackbarHost
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.text.AnnotatedString
import androidx.compose.ui.text.SpanStyle
import androidx.compose.ui.text.buildAnnotatedString
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.dp
import search.toller.Highlight
import search.toller.SearchResult

/** A search field, what was found with its words highlighted, and a dialog for a new note. */
@Composable
fun NotesScreen(notes: NotesModel) {
    val query by notes.query.collectAsState()
    val results by notes.results.collectAsState()
    val progress by notes.progress.collectAsState()
    val message by notes.message.collectAsState()
    var writing by rememberSaveable { mutableStateOf(false) }
    val snackbar = remember { SnackbarHostState() }

    LaunchedEffect(message) {
        message?.let {
            snackbar.showSnackbar(it)
            notes.shown()
        }
    }
    Scaffold(
        snackbarHost = { SnackbarHost(snackbar) },
        floatingActionButton = {
            ExtendedFloatingActionButton(onClick = { writing = true }) { Text("New note") }
        },
    ) { inner ->
        Column(Modifier.padding(inner).padding(16.dp).fillMaxSize(), Arrangement.spacedBy(12.dp)) {
            OutlinedTextField(
                value = query,
                onValueChange = notes::search,
                label = { Text("Ask your notes") },
                singleLine = true,
                modifier = Modifier.fillMaxWidth(),
            )
            progress?.let { LinearProgressIndicator(progress = { it }, modifier = Modifier.fillMaxWidth()) }
            LazyColumn(verticalArrangement = Arrangement.spacedBy(8.dp)) {
                items(results, key = { it.key }) { result ->
                    ResultCard(result, onDelete = { notes.delete(result.key) })
                }
            }
        }
    }
    if (writing) {
        NewNote(
            onSave = { title, text ->
                notes.add(title, text)
                writing = false
            },
            onDismiss = { writing = false },
        )
    }
}

@Composable
private fun ResultCard(result: SearchResult, onDelete: () -> Unit) {
    Card(Modifier.fillMaxWidth()) {
        Column(Modifier.padding(12.dp), Arrangement.spacedBy(4.dp)) {
            Text(highlighted(result.title, result.titleHighlights), style = MaterialTheme.typography.titleMedium)
            if (result.heading.isNotEmpty()) {
                Text(result.heading, style = MaterialTheme.typography.labelMedium)
            }
            Text(highlighted(result.snippet, result.highlights))
            TextButton(onClick = onDelete) { Text("Delete") }
        }
    }
}

/** The more of the score comes from a word, the stronger it is marked. */
@Composable
private fun highlighted(text: String, highlights: List<Highlight>): AnnotatedString {
    val colour = MaterialTheme.colorScheme.primary
    val most = highlights.maxOfOrNull { it.weight } ?: 0f
    return buildAnnotatedString {
        append(text)
        for (h in highlights) {
            val strength = if (most > 0) 0.1f + 0.3f * (h.weight / most) else 0.2f
            addStyle(SpanStyle(fontWeight = FontWeight.SemiBold, background = colour.copy(alpha = strength)), h.start, h.end)
        }
    }
}

@Composable
private fun NewNote(onSave: (String, String) -> Unit, onDismiss: () -> Unit) {
    var title by rememberSaveable { mutableStateOf("") }
    var text by rememberSaveable { mutableStateOf("") }
    AlertDialog(
        onDismissRequest = onDismiss,
        title = { Text("New note") },
        text = {
            Column(verticalArrangement = Arrangement.spacedBy(8.dp)) {
                OutlinedTextField(title, { title = it }, label = { Text("Title") }, singleLine = true)
                OutlinedTextField(text, { text = it }, label = { Text("Text") }, minLines = 5)
            }
        },
        confirmButton = {
            TextButton(onClick = { onSave(title, text) }, enabled = text.isNotBlank()) { Text("Save") }
        },
        dismissButton = { TextButton(onClick = onDismiss) { Text("Cancel") } },
    )
}
