using System.Globalization;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>
/// The index that a search walks, in descending id order, and the filter for what it finds there: tags by <c>task_tags</c>, open states
/// by <c>open_tasks</c>, unsuccessful ends by <c>outcomes_unsuccessful</c>, success alone by <c>outcomes</c>, everything else by <c>tasks</c>.
/// </summary>
/// <remarks>
/// What an entry does not say itself is looked up by a scalar subquery, never by a join or EXISTS. Those the planner may turn round:
/// from some thousand entries on it would first read all tasks of a kind, which takes many seconds beside millions.
/// </remarks>
internal sealed class TaskIndex
{
    private readonly List<string> _conditions = [];
    private readonly List<object> _values = [];
    private readonly TaskFilter _filter;

    /// <summary>Chooses the index.</summary>
    public TaskIndex(TaskFilter filter)
    {
        _filter = filter;
        var entries = Choose(filter);
        IsExact = _conditions.Count == 0;
        Sql = IsExact
            ? $"SELECT id, false FROM ({entries}) AS found LIMIT $3"
            : $"""
               WITH looked AS MATERIALIZED ({entries})
               SELECT id, false FROM (SELECT l.id FROM looked l WHERE {string.Join(" AND ", _conditions)} ORDER BY l.id DESC LIMIT $3) AS found
               UNION ALL
               SELECT id, true FROM (SELECT l.id FROM looked l ORDER BY l.id LIMIT 1) AS last WHERE (SELECT count(*) FROM looked) = $2
               """;
    }

    /// <summary>True if every entry of the index matches.</summary>
    public bool IsExact { get; }

    /// <summary>
    /// Reads a chunk: the ids that match, newest first, and behind them, marked by true, the last id of a chunk that is full, unless all
    /// entries match. $1: the task behind which it begins; $2: its size; $3: how many matches at most; then <see cref="Values"/>. The text
    /// depends on nothing but the state and which other members of the filter are set, so that few statements are ever prepared.
    /// </summary>
    public string Sql { get; }

    /// <summary>The parameters from $4 on.</summary>
    public IReadOnlyList<object> Values => _values;

    private string Choose(TaskFilter filter)
    {
        switch (filter)
        {
            case { Tag: { } tag }:
                LookUpState(filter.State);
                LookUpTask(filter.Kind, filter.Queue);
                return $"SELECT task_id AS id FROM messaging.task_tags WHERE tag = {Value(tag)} AND task_id < $1{Since("task_id")} ORDER BY task_id DESC LIMIT $2";

            case { State: TaskState.Succeeded, Kind: null, Queue: null }:
                _conditions.Add($"l.state = {Number(TaskState.Succeeded)}");
                return $"SELECT task_id AS id, state FROM messaging.outcomes WHERE task_id < $1{Since("task_id")} ORDER BY task_id DESC LIMIT $2";

            case { State: { } state } when state.IsFinal() && state != TaskState.Succeeded:
                LookUpTask(filter.Kind, filter.Queue);
                // A number, not a parameter: with it the planner can prove that the partial index covers the state.
                return $"SELECT task_id AS id FROM messaging.outcomes WHERE state = {Number(state)} AND task_id < $1{Since("task_id")} ORDER BY task_id DESC LIMIT $2";

            case { State: { } state } when !state.IsFinal():
                _conditions.Add($"l.state = {Number(state)}");
                if (filter.Queue is { } openIn)
                    _conditions.Add($"l.queue = {Value(openIn)}");
                LookUpTask(filter.Kind, queue: null);
                return $"SELECT id, state, queue FROM messaging.open_tasks WHERE id < $1{Since("id")} ORDER BY id DESC LIMIT $2";

            default:
                if (filter.Kind is { } kind)
                    _conditions.Add($"l.kind = {Value(kind)}");
                if (filter.Queue is { } queue)
                    _conditions.Add($"l.queue = {Value(queue)}");
                LookUpState(filter.State);
                return $"SELECT id, kind, queue FROM messaging.tasks WHERE id < $1{Since("id")} ORDER BY id DESC LIMIT $2";
        }
    }

    // LIMIT 1 says what the planner can't know of a partitioned table: an id has one row. Primary key of one partition; for an unsuccessful
    // end outcomes_unsuccessful, which is small and mostly says no without a look at the row.
    private void LookUpState(TaskState? state)
    {
        if (state is not { } wanted)
            return;
        _conditions.Add(wanted.IsFinal()
            ? $"(SELECT true FROM messaging.outcomes c WHERE c.task_id = l.id AND c.state = {Number(wanted)} LIMIT 1)"
            : $"(SELECT true FROM messaging.open_tasks o WHERE o.id = l.id AND o.state = {Number(wanted)} LIMIT 1)");
    }

    private void LookUpTask(string? kind, string? queue)
    {
        var wanted = new List<string>();
        if (kind is not null)
            wanted.Add($"t.kind = {Value(kind)}");
        if (queue is not null)
            wanted.Add($"t.queue = {Value(queue)}");
        if (wanted.Count == 0)
            return;
        _conditions.Add($"(SELECT {string.Join(" AND ", wanted)} FROM messaging.tasks t WHERE t.id = l.id LIMIT 1)");
    }

    /// <summary>Where the walk ends: at the first task of the time that is asked for. (Where it begins is the search's business.)</summary>
    private string Since(string column) => _filter.CreatedAfter is { } time ? $" AND {column} >= {Value(IdTime.Floor(time))}" : "";

    private string Value(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count + 3}");
    }

    private static string Number(TaskState state) => ((int)state).ToString(CultureInfo.InvariantCulture);
}
