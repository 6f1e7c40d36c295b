using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Callbacks: who wants to be told of the end of a task, and how that went.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0010_callbacks")]
public sealed class M0010Callbacks : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0010_callbacks.sql";
}
